// SPDX-License-Identifier: GPL-2.0
/*
 * The lab's hand inside a guest: process 1 after the init script. It serves requests that come over a virtio-serial
 * port: run a script, signal it, write a file, read a file, set the clock. Any number of scripts run at once.
 *
 * Frames in both directions: u32 length of the payload, u32 request id, u32 type, payload; little endian.
 *
 *   to the guest      R  u32 timeout in ms (0: none), bash script        S  i32 signal, to the script's process group
 *                     W  u32 mode, path: file to write; then D* and E    G  path: file to read
 *                     T  u64 seconds, u64 nanoseconds of CLOCK_REALTIME
 *   from the guest    H  hello, once        O, F  stdout, stderr of a script        D  data of a file
 *                     X  i32 status, u32 flags: the request is over. Status is an exit code, 128 + signal, or an errno.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_JOBS 128
#define MAX_FRAME (1 << 20)
#define CHUNK 32768
#define FLAG_TIMEOUT 1
/* How long output may still come from what a script left behind: a daemon that holds the pipe, or one told to stop. */
#define GRACE_MS 300
#define GRACE_SIGNALLED_MS 5000

struct header {
	uint32_t len, id, type;
};

struct job {
	uint32_t id;
	pid_t pid;		/* 0: this slot is free */
	int fd[2];		/* stdout, stderr; -1 at end of file */
	int64_t deadline;	/* when the script is killed, then how long its output is waited for; 0: never */
	int status, flags;
	int reaped, signalled, told;
};

static int port;
static struct job jobs[MAX_JOBS];
static struct {
	uint32_t id;
	int fd, error;
} upload = { .fd = -1 };

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* The host is gone: nobody is left to work for, and a guest must not outlive its test. */
static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void put_all(const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(port, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			power_off();
		p += n;
		len -= n;
	}
}

static void get_all(void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(port, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			power_off();
		p += n;
		len -= n;
	}
}

static void tell(uint32_t id, char type, const void *data, uint32_t len)
{
	struct header h = { .len = len, .id = id, .type = (unsigned char)type };

	put_all(&h, sizeof(h));
	put_all(data, len);
}

static void tell_end(uint32_t id, int status, int flags)
{
	int32_t end[2] = { status, flags };

	tell(id, 'X', end, sizeof(end));
}

static struct job *job_of(uint32_t id)
{
	for (int i = 0; i < MAX_JOBS; i++)
		if (jobs[i].pid && jobs[i].id == id && !jobs[i].told)
			return &jobs[i];
	return NULL;
}

static void run(uint32_t id, uint32_t timeout, char *script)
{
	struct job *job = NULL;
	int out[2], err[2];
	sigset_t none;
	pid_t pid;

	for (int i = 0; i < MAX_JOBS && !job; i++)
		if (!jobs[i].pid)
			job = &jobs[i];
	if (!job) {
		tell_end(id, EAGAIN, 0);
		return;
	}
	if (pipe2(out, O_CLOEXEC)) {
		tell_end(id, errno, 0);
		return;
	}
	if (pipe2(err, O_CLOEXEC)) {
		tell_end(id, errno, 0);
		close(out[0]);
		close(out[1]);
		return;
	}
	pid = fork();
	if (!pid) {
		setsid();
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		dup2(open("/dev/null", O_RDONLY), 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		execl("/bin/bash", "bash", "-c", script, NULL);
		dprintf(2, "bash: %s\n", strerror(errno));
		_exit(127);
	}
	close(out[1]);
	close(err[1]);
	if (pid < 0) {
		tell_end(id, errno, 0);
		close(out[0]);
		close(err[0]);
		return;
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	*job = (struct job){ .id = id, .pid = pid, .fd = { out[0], err[0] },
			     .deadline = timeout ? now_ms() + timeout : 0 };
}

/* Passes on what a script wrote; once its end was told, the pipe is only kept from blocking those who still hold it. */
static void pump(struct job *job, int which)
{
	static char buf[CHUNK];
	ssize_t n = read(job->fd[which], buf, sizeof(buf));

	if (n > 0) {
		if (!job->told)
			tell(job->id, which ? 'F' : 'O', buf, n);
	} else if (!n || (errno != EAGAIN && errno != EINTR)) {
		close(job->fd[which]);
		job->fd[which] = -1;
	}
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < MAX_JOBS; i++) {
			struct job *job = &jobs[i];

			if (job->pid != pid || job->reaped)
				continue;
			job->reaped = 1;
			job->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
			job->deadline = now_ms() + (job->signalled ? GRACE_SIGNALLED_MS : GRACE_MS);
		}
	}
}

/* Ends what is over or out of time. */
static void settle(struct job *job)
{
	int silent = job->fd[0] < 0 && job->fd[1] < 0;
	int late = job->deadline && now_ms() >= job->deadline;

	if (!job->reaped && late) {
		job->flags |= FLAG_TIMEOUT;
		job->deadline = 0;
		kill(-job->pid, SIGKILL);
		return;
	}
	if (job->reaped && !job->told && (silent || late)) {
		job->told = 1;
		job->deadline = 0;
		tell_end(job->id, job->status, job->flags);
	}
	if (job->told && silent)
		job->pid = 0;
}

static void signal_job(uint32_t id, int signo)
{
	struct job *job = job_of(id);

	/* A script that has just ended is no error: its end is on the way to the host. */
	if (!job || job->reaped)
		return;
	job->signalled = 1;
	kill(-job->pid, signo);
}

static void make_parents(char *path)
{
	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		mkdir(path, 0755);
		*p = '/';
	}
}

static void upload_open(uint32_t id, uint32_t mode, char *path)
{
	if (upload.fd >= 0)
		close(upload.fd);
	make_parents(path);
	/* A program that is running cannot be written to, but it can be replaced. */
	unlink(path);
	upload.id = id;
	upload.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	upload.error = upload.fd < 0 ? errno : 0;
	if (upload.fd >= 0 && fchmod(upload.fd, mode))
		upload.error = errno;
}

static void upload_data(const char *data, size_t len)
{
	while (len && !upload.error) {
		ssize_t n = write(upload.fd, data, len);

		if (n < 0) {
			upload.error = errno;
			return;
		}
		data += n;
		len -= n;
	}
}

static void upload_end(uint32_t id)
{
	if (upload.fd >= 0 && close(upload.fd) && !upload.error)
		upload.error = errno;
	upload.fd = -1;
	tell_end(id, upload.error, 0);
}

static void download(uint32_t id, const char *path)
{
	static char buf[CHUNK];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = 0;
	ssize_t n;

	if (fd < 0) {
		tell_end(id, errno, 0);
		return;
	}
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		tell(id, 'D', buf, n);
	if (n < 0)
		error = errno;
	close(fd);
	tell_end(id, error, 0);
}

static void set_clock(uint32_t id, const char *data)
{
	uint64_t t[2];
	struct timespec ts;

	memcpy(t, data, sizeof(t));
	ts.tv_sec = t[0];
	ts.tv_nsec = t[1];
	tell_end(id, clock_settime(CLOCK_REALTIME, &ts) ? errno : 0, 0);
}

static void serve(void)
{
	static char buf[MAX_FRAME + 1];
	struct header h;
	uint32_t word;

	get_all(&h, sizeof(h));
	if (h.len > MAX_FRAME) {
		fprintf(stderr, "xha-agent: frame of %u bytes\n", h.len);
		power_off();
	}
	get_all(buf, h.len);
	buf[h.len] = 0;
	memcpy(&word, buf, sizeof(word));
	switch (h.type) {
	case 'R': run(h.id, word, buf + 4); break;
	case 'S': signal_job(h.id, word); break;
	case 'W': upload_open(h.id, word, buf + 4); break;
	case 'D': upload_data(buf, h.len); break;
	case 'E': upload_end(h.id); break;
	case 'G': download(h.id, buf); break;
	case 'T': set_clock(h.id, buf); break;
	default: tell_end(h.id, ENOSYS, 0);
	}
}

/* /dev/vportNpM of the port that QEMU calls "xha". */
static int open_port(void)
{
	char path[512], name[16];
	struct dirent *e;
	DIR *dir = opendir("/sys/class/virtio-ports");
	int fd, n;

	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", e->d_name);
		fd = open(path, O_RDONLY);
		n = fd < 0 ? -1 : read(fd, name, sizeof(name));
		if (fd >= 0)
			close(fd);
		if (n < 3 || strncmp(name, "xha", 3))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", e->d_name);
		closedir(dir);
		return open(path, O_RDWR | O_CLOEXEC);
	}
	if (dir)
		closedir(dir);
	return -1;
}

static int next_timeout(void)
{
	int64_t first = 0, left;

	for (int i = 0; i < MAX_JOBS; i++)
		if (jobs[i].pid && jobs[i].deadline && (!first || jobs[i].deadline < first))
			first = jobs[i].deadline;
	if (!first)
		return -1;
	left = first - now_ms();
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

int main(void)
{
	struct pollfd fds[2 + 2 * MAX_JOBS];
	struct signalfd_siginfo info;
	sigset_t chld;
	int sfd;

	for (int tries = 0; (port = open_port()) < 0; tries++) {
		if (tries == 100) {
			fprintf(stderr, "xha-agent: no virtio port named xha\n");
			power_off();
		}
		usleep(100000);
	}
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	sfd = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	tell(0, 'H', NULL, 0);

	for (;;) {
		int n = 2;

		fds[0] = (struct pollfd){ .fd = port, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = sfd, .events = POLLIN };
		for (int i = 0; i < MAX_JOBS; i++)
			for (int w = 0; jobs[i].pid && w < 2; w++)
				if (jobs[i].fd[w] >= 0)
					fds[n++] = (struct pollfd){ .fd = jobs[i].fd[w], .events = POLLIN };
		if (poll(fds, n, next_timeout()) < 0 && errno != EINTR)
			power_off();
		while (read(sfd, &info, sizeof(info)) > 0)
			;
		for (int i = 0; i < MAX_JOBS; i++)
			for (int w = 0; jobs[i].pid && w < 2; w++)
				for (int f = 2; jobs[i].fd[w] >= 0 && f < n; f++)
					if (fds[f].fd == jobs[i].fd[w] && fds[f].revents) {
						pump(&jobs[i], w);
						break;
					}
		reap();
		for (int i = 0; i < MAX_JOBS; i++)
			if (jobs[i].pid)
				settle(&jobs[i]);
		if (fds[0].revents & POLLIN)
			serve();
		else if (fds[0].revents & (POLLHUP | POLLERR))
			power_off();
	}
}
