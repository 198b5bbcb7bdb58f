# An rpm that was killed leaves files that had no names of their own yet, and no later one removes them.
find /etc/meshx-agent /usr/lib/meshx-agent /usr/share/doc/meshx-agent -name '*;????????' -delete 2>/dev/null || :
find /usr/bin /usr/lib/systemd/system /usr/lib/sysusers.d /usr/lib/tmpfiles.d /usr/share/bash-completion /usr/share/fish /usr/share/man /usr/share/zsh \
  \( -name '*meshx*;????????' -o -name 'agent.toml.5*;????????' -o -name 'workload.toml.5*;????????' \) -delete 2>/dev/null || :
