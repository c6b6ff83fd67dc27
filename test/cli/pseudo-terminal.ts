/** Drives a program as a person at a terminal does: a real pseudo-terminal, made by python3's pty module. */
import { spawnSync } from 'node:child_process';

/** Keys to press, and what the screen must show before the next step (a Python regular expression over what was written since). */
export interface Step {
  readonly press?: string;
  /** Before the keys are pressed. */
  readonly waitMs?: number;
  readonly until: string;
}

export interface TerminalRun {
  /** Everything that the program wrote, escape sequences and all. */
  readonly screen: string;
  readonly status: number | null;
  /** Why the run stopped before its end, or empty. */
  readonly problem: string;
}

const DRIVER = `
import json, os, pty, re, select, struct, sys, time, fcntl, termios
job = json.loads(sys.stdin.read())
pid, fd = pty.fork()
if pid == 0:
    os.chdir(job["cwd"])
    os.set_blocking(0, not job["isNonBlocking"])
    os.execve(job["command"][0], job["command"], job["env"])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
screen = b""
problem = ""
def read(seconds):
    global screen
    ready, _, _ = select.select([fd], [], [], seconds)
    if not ready:
        return True
    try:
        data = os.read(fd, 65536)
    except OSError:
        data = b""
    screen += data
    return data != b""
for step in job["steps"]:
    mark = len(screen)
    time.sleep(step.get("waitMs", 0) / 1000)
    if step.get("press"):
        os.write(fd, step["press"].encode())
    end = time.time() + job["seconds"]
    pattern = re.compile(step["until"].encode(), re.S)
    while not pattern.search(screen, mark):
        if time.time() > end:
            problem = "nothing matched %r after %r" % (step["until"], step.get("press"))
            break
        if not read(0.1):
            if not pattern.search(screen, mark):
                problem = "the program ended before %r" % step["until"]
            break
    if problem:
        break
if problem:
    os.kill(pid, 9)
end = time.time() + job["seconds"]
while time.time() < end and read(0.1):
    pass
_, status = os.waitpid(pid, 0)
print(json.dumps({"screen": screen.decode("utf8", "replace"), "status": os.waitstatus_to_exitcode(status), "problem": problem}))
`;

export function runInTerminal(
  command: readonly [string, ...string[]],
  steps: readonly Step[],
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly seconds?: number;
    /** As the terminal is left by programs that read it so. */
    readonly isNonBlocking?: boolean;
  },
): TerminalRun {
  const { stdout, stderr } = spawnSync('python3', ['-c', DRIVER], {
    input: JSON.stringify({ command, steps, seconds: 120, isNonBlocking: false, ...options }),
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  if (stdout === '') throw new Error(`the terminal driver failed: ${stderr}`);
  return JSON.parse(stdout) as TerminalRun;
}

/** Why there is no pseudo-terminal here, or false. */
export function noTerminal(): string | false {
  const { status } = spawnSync('python3', ['-c', 'import pty; pty.openpty()'], { stdio: 'ignore' });
  return status === 0 ? false : 'no python3 with a pty module here';
}
