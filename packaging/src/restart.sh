# What ran goes on with what it has, rather than end with a configuration that this version refuses.
if systemctl is-active --quiet meshx-agent.service && ! meshx config validate >/dev/null; then
  echo "meshx-agent: this version refuses the configuration, see above, so the agent was not restarted." >&2
  echo "Correct it, then run: systemctl restart meshx-agent" >&2
else
  @RESTART@ try-restart meshx-agent.service >/dev/null || :
fi
@RESTART@ try-restart meshx-reaper.service >/dev/null || :
