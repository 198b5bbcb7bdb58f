#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Takes times inside a host, where looking costs little. Prints JSON.

  clock.py first PORT URL CLIENT_ID COMMAND...   ms from the command's start to the first answer
                                                 that a workload gets through both proxies
  clock.py command COUNT COMMAND...              ms of each run of a command
  clock.py idle SECONDS UNIT...                  CPU and memory of each unit's main process
  clock.py passes COUNT                          ms of each of the agent's full passes
  clock.py heals COUNT BACKEND COMMAND...        ms from each time that a command has disturbed the redirect
                                                 rules to when they are back
  clock.py applies COUNT FILE                    ms that our rules take, as nft lists them in the file, the
                                                 same with ten workloads, and those of proxy-init one
                                                 command after the other; to be run in an empty network
                                                 namespace
  clock.py rotation NAME ADMIN_PORT              ms from a proxy's new SVID to the agent's metrics
"""
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse

PAUSE = 0.002
PATIENCE = 90
METRICS = 4192


def get(port, path):
    """Body of a GET on loopback, or None while nobody answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:
        return None
    return answer.partition(b"\r\n\r\n")[2].decode()


def until(what, condition, pause=PAUSE):
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value is not None:
            return value
        if time.monotonic() > end:
            sys.exit(f"waited {PATIENCE} s for {what}, in vain")
        time.sleep(pause)


def first(port, url, client, *command):
    path = "/fetch?url=" + urllib.parse.quote(url, safe="")
    # The workload's JSON, with the other one's as a text in it; a minimal Python has no module json.
    wanted = '"status":200,', '\\"client_id\\":\\"' + client + '\\"'

    def answered():
        if process and process.poll():
            sys.exit(f"{command} ended with status {process.returncode}")
        answer = get(int(port), path) or ""
        return True if all(part in answer for part in wanted) else None

    process = None
    if answered():
        sys.exit("there is an answer before the start")
    began = time.monotonic()
    process = subprocess.Popen(command)
    until("an answer", answered)
    took = time.monotonic() - began
    if process.wait() != 0:
        sys.exit(f"{command} ended with status {process.returncode}")
    return took * 1000


def command(count, *argv):
    def once():
        began = time.monotonic()
        subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
        return (time.monotonic() - began) * 1000

    return [once() for _ in range(int(count))]


def pid_of(unit):
    shown = subprocess.run(
        ["systemctl", "show", "--value", "--property=MainPID", unit],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    return int(shown)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    # utime, stime, cutime, cstime: with the children that it has waited for.
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) / 1024


def idle(seconds, *units):
    pids = {unit: pid_of(unit) for unit in units}
    before = {unit: cpu_seconds(pid) for unit, pid in pids.items()}
    began = time.monotonic()
    time.sleep(float(seconds))
    lasted = time.monotonic() - began
    return {unit: {"rss_mb": rss_mb(pid),
                   "cpu_percent": 100 * (cpu_seconds(pid) - before[unit]) / lasted}
            for unit, pid in pids.items()}


def sample(port, pattern):
    found = re.search(pattern, get(port, "/metrics") or "")
    return float(found.group(1)) if found else None


def changed(what, port, pattern, before, pause=PAUSE):
    def look():
        value = sample(port, pattern)
        return value if value is not None and value != before else None

    return until(what, look, pause)


def passes(count):
    pattern = r"(?m)^meshx_full_pass_seconds (\S+)$"
    last = sample(METRICS, pattern)
    values = []
    for _ in range(int(count)):
        last = changed("a full pass", METRICS, pattern, last, pause=0.2)
        values.append(last * 1000)
    return values


def heals(count, backend, *argv):
    looks = {
        "nftables": [(["nft", "list", "chain", "inet", "meshx", "outbound"], "redirect to")],
        "iptables": [([f"{tool}-save", "-t", "nat"], "/redirect-outbound", "-j MESHX_OUT")
                     for tool in ("iptables", "ip6tables")],
    }[backend]

    def back():
        for look, *wanted in looks:
            found = subprocess.run(
                look, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
            if not all(each in found for each in wanted):
                return None
        return True

    def once():
        # As often as somebody may do it; the agent slows down only in a fight.
        time.sleep(0.2)
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        began = time.monotonic()
        until("the rules", back)
        return (time.monotonic() - began) * 1000

    return [once() for _ in range(int(count))]


def applies(count, file):
    with open(file) as listed:
        ours = listed.read()
    lines = ours.splitlines()
    of_web = {line for line in lines if '"meshx/web/' in line}

    def numbered(line, i):
        line = line.replace("meshx/web/", f"meshx/web-{i}/")
        line = re.sub(r"skuid \d+", f"skuid {20000 + i}", line)
        line = re.sub(r"dport \S+", f"dport {8000 + i}", line)
        return re.sub(r":(\d+)", lambda port: f":{int(port.group(1)) + 100 * i}", line)

    ten = "\n".join("\n".join(numbered(line, i) for i in range(10)) if line in of_web else line
                    for line in lines)

    def transaction(table):
        script = f"add table inet meshx\ndelete table inet meshx\n{table}\n"
        began = time.monotonic()
        subprocess.run(["nft", "-f", "-"], input=script, text=True, check=True)
        return (time.monotonic() - began) * 1000

    # Both families, as ours; proxy-init also reads the tables and comments on each rule.
    def one_by_one():
        commands = [f"{tool} -w -t nat {rule}".split() for tool in ("iptables", "ip6tables")
                    for rule in ("-N PROXY_INIT_REDIRECT",
                                 "-A PROXY_INIT_REDIRECT -p tcp -j REDIRECT --to-port 4143",
                                 "-A PREROUTING -j PROXY_INIT_REDIRECT",
                                 "-N PROXY_INIT_OUTPUT",
                                 "-A PROXY_INIT_OUTPUT -m owner --uid-owner 2102 -j RETURN",
                                 "-A PROXY_INIT_OUTPUT -o lo -j RETURN",
                                 "-A PROXY_INIT_OUTPUT -p tcp -j REDIRECT --to-port 4140",
                                 "-A OUTPUT -j PROXY_INIT_OUTPUT")]
        began = time.monotonic()
        for each in commands:
            subprocess.run(each, check=True)
        took = (time.monotonic() - began) * 1000
        for tool in ("iptables", "ip6tables"):
            subprocess.run([tool, "-t", "nat", "-F"], check=True)
            subprocess.run([tool, "-t", "nat", "-X"], check=True)
        return took

    values = {"ours": [], "ten": [], "proxy_init": []}
    for _ in range(int(count)):
        values["ours"].append(transaction(ours))
        values["ten"].append(transaction(ten))
        values["proxy_init"].append(one_by_one())
    return values


def rotation(name, admin):
    refreshed = r"(?m)^control_identity_cert_refresh_timestamp_seconds (\S+)$"
    seen = r'(?m)^meshx_svid_rotations_total\{[^}]*name="' + re.escape(name) + r'"[^}]*\} (\S+)$'
    before = sample(METRICS, seen)
    changed("a rotation", int(admin), refreshed, sample(int(admin), refreshed))
    changed("the rotation in the agent's metrics", METRICS, seen, before)
    return (time.time() - sample(int(admin), refreshed)) * 1000


if __name__ == "__main__":
    verbs = {each.__name__: each for each in (first, command, idle, passes, heals, applies, rotation)}
    print(repr(verbs[sys.argv[1]](*sys.argv[2:])).replace("'", '"'))
