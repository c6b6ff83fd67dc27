/* Tries to get out of a sandbox, one way a line: "NAME ERRNO-NAME" for what was refused, "NAME done" for what was not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <arpa/inet.h>

static void tell(const char *name, long result) {
  printf("%s %s\n", name, result < 0 ? strerrorname_np(errno) : "done");
  fflush(stdout);
}

static void reach(const char *name, const char *path, int flags) {
  char label[600];
  int fd = open(path, flags);
  char byte;
  snprintf(label, sizeof label, "%s", name);
  if (fd >= 0 && (flags & O_ACCMODE) == O_RDONLY && !(flags & O_DIRECTORY) && read(fd, &byte, 1) < 0) {
    tell(label, -1);
    return;
  }
  if (fd >= 0 && (flags & O_ACCMODE) != O_RDONLY && write(fd, "x", 1) < 0) {
    tell(label, -1);
    return;
  }
  tell(label, fd);
}

static void connect_tcp(const char *name, const char *host, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_aton(host, &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  tell(name, fd < 0 ? fd : connect(fd, (struct sockaddr *)&to, sizeof to));
}

static void connect_abstract(const char *name, const char *socket_name) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  memcpy(to.sun_path + 1, socket_name, strlen(socket_name));
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  tell(name, fd < 0 ? fd
                    : connect(fd, (struct sockaddr *)&to, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(socket_name)));
}

/* Half of a pair for datagrams sends to whatever name it is told, with descriptors if wanted. */
static void send_abstract(const char *name, int type, const char *socket_name) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  memcpy(to.sun_path + 1, socket_name, strlen(socket_name));
  socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(socket_name);
  int pair[2];
  tell(name, socketpair(AF_UNIX, type, 0, pair) < 0 ? -1 : sendto(pair[0], "x", 1, 0, (struct sockaddr *)&to, length));
}

/* As programs of 32 bits ask for sockets: what is asked for lies in memory. A kernel without such programs ends who tries. */
static void socket_narrow(const char *name, unsigned family) {
  errno = ENOSYS;
  int result = -1;
#ifdef __x86_64__
  static unsigned words[3]; /* where 32 bits reach */
  words[0] = family;
  words[1] = SOCK_STREAM;
  pid_t child = fork();
  if (child == 0) {
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(102), "b"(1), "c"(words) : "memory");
    _exit(result < 0 ? -result : 0);
  }
  int status;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) {
    errno = WEXITSTATUS(status);
    result = errno == 0 ? 0 : -1;
  }
#endif
  tell(name, result);
}

/* escape PORT SOCKET PID INPUT HOST-PATH */
int main(int argc, char **argv) {
  int port = atoi(argv[1]);
  pid_t outside = atoi(argv[3]);
  const char *input = argv[4];

  reach("read-shadow", "/etc/shadow", O_RDONLY);
  reach("read-root-of-1", "/proc/1/root/etc/passwd", O_RDONLY);
  reach("list-root-of-1", "/proc/1/root", O_RDONLY | O_DIRECTORY);
  reach("list-cwd-of-1", "/proc/1/cwd", O_RDONLY | O_DIRECTORY);
  reach("read-memory-of-1", "/proc/1/mem", O_RDONLY);
  reach("read-environ-of-1", "/proc/1/environ", O_RDONLY);
  reach("read-report-of-1", "/proc/1/fd/3", O_WRONLY);
  reach("read-host-path", argv[5], O_RDONLY);
  reach("up-and-out", "../../../../../../etc/shadow", O_RDONLY);
  reach("write-hostname", "/proc/sys/kernel/hostname", O_WRONLY);
  reach("write-core-pattern", "/proc/sys/kernel/core_pattern", O_WRONLY);
  reach("write-sysrq", "/proc/sysrq-trigger", O_WRONLY);
  reach("write-uid-map", "/proc/self/uid_map", O_WRONLY);
  reach("write-input", input, O_WRONLY);
  reach("read-kernel-memory", "/dev/mem", O_RDONLY);

  tell("chmod-input", chmod(input, 0777));
  tell("link-input", link(input, "/build/linked"));
  tell("rename-input", rename(input, "/build/renamed"));
  tell("unlink-input", unlink(input));
  tell("mknod-char", mknod("/build/null", S_IFCHR | 0666, 0x103));
  tell("mknod-block", mknod("/build/disk", S_IFBLK | 0666, 0x800));
  tell("mount-tmpfs", mount("t", "/tmp", "tmpfs", 0, 0));
  tell("mount-bind", mount("/", "/tmp", 0, MS_BIND, 0));
  tell("remount-input", mount(0, input, 0, MS_REMOUNT | MS_BIND, 0));
  tell("umount-proc", umount2("/proc", MNT_DETACH));
  tell("pivot-root", syscall(SYS_pivot_root, "/tmp", "/tmp"));
  tell("chroot", chroot("/tmp"));
  tell("unshare-user", unshare(CLONE_NEWUSER));
  tell("unshare-mount", unshare(CLONE_NEWNS));
  tell("clone-user", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
  tell("clone3", syscall(SYS_clone3, 0, 0));
  tell("setns", setns(0, 0));
  tell("setuid-root", setresuid(0, 0, 0));
  tell("setgid-root", setresgid(0, 0, 0));
  tell("setgroups", syscall(SYS_setgroups, 0, 0));
  tell("add-key", syscall(SYS_add_key, "user", "igos", "x", 1, -3));
  tell("keyctl", syscall(SYS_keyctl, 0, -3, 0));
  tell("request-key", syscall(SYS_request_key, "user", "igos", 0, -3));
  tell("bpf", syscall(SYS_bpf, 0, 0, 0));
  tell("perf", syscall(SYS_perf_event_open, 0, 0, -1, -1, 0));
  tell("userfaultfd", syscall(SYS_userfaultfd, 1));
  tell("io-uring", syscall(SYS_io_uring_setup, 1, 0));
  tell("kexec", syscall(SYS_kexec_load, 0, 0, 0, 0));
  tell("module", syscall(SYS_finit_module, 0, "", 0));
  tell("reboot", syscall(SYS_reboot, 0, 0, 0, 0));
  tell("personality", personality(READ_IMPLIES_EXEC));
  tell("handle", syscall(SYS_open_by_handle_at, -100, 0, 0));
  struct rlimit more = {1 << 20, 1 << 20};
  tell("more-tasks", setrlimit(RLIMIT_NPROC, &more));
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  tell("pseudo-terminal", terminal);
  tell("type", ioctl(terminal, TIOCSTI, "x"));
  tell("ptrace-1", ptrace(PTRACE_ATTACH, 1, 0, 0));
  tell("ptrace-outside", ptrace(PTRACE_ATTACH, outside, 0, 0));
  tell("kill-1", kill(1, SIGKILL));
  tell("kill-outside", kill(outside, 0));
  tell("vsock", socket(40, SOCK_STREAM, 0));
  socket_narrow("narrow-vsock", 40);
  int pair[2];
  tell("pair-of-vsock", socketpair(40, SOCK_STREAM, 0, pair));
  tell("raw-socket", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  tell("packet-socket", socket(17, SOCK_RAW, 0));
  connect_tcp("host-loopback", "127.0.0.1", port);
  connect_tcp("dns", "9.9.9.9", 53);
  connect_abstract("host-socket", argv[2]);
  send_abstract("datagram-to-host", SOCK_DGRAM, argv[2]);
  send_abstract("raw-to-host", SOCK_RAW, argv[2]);
  for (int fd = 3; fd < 1024; fd++)
    if (fd != terminal && fcntl(fd, F_GETFD) >= 0) {
      char path[64], target[256];
      snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
      ssize_t length = readlink(path, target, sizeof target - 1);
      target[length < 0 ? 0 : length] = 0;
      /* Those that were opened above stand for what they reached, which is told there. */
      if (strncmp(target, "socket:", 7) != 0 && strncmp(target, "/proc/", 6) != 0) printf("descriptor %d %s\n", fd, target);
    }
  return 0;
}
