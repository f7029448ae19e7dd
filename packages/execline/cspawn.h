/* Stands for the header of this name that skalibs has from 2.14.3 on: starts a program in a child or a grandchild.
   It can go when the archive's skalibs is that young. */
#ifndef SKALIBS_CSPAWN_H
#define SKALIBS_CSPAWN_H

#include <errno.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>
#include <skalibs/exec.h>
#include <skalibs/posixplz.h>
#include <skalibs/selfpipe.h>
#include <skalibs/sig.h>

#define CSPAWN_FLAGS_SELFPIPE_FINISH 0x01u

enum cspawn_fileaction_type { CSPAWN_FA_CLOSE, CSPAWN_FA_MOVE };

typedef struct {
	enum cspawn_fileaction_type type;
	union { int fd; int fd2[2]; } x;
} cspawn_fileaction;

/* The pid of what runs prog, or 0 and errno. A pipe that closes with exec tells whether it came to that. */
static inline pid_t cspawn_by(pid_t (*forked)(void), char const *prog, char const *const *argv, char const *const *envp,
	unsigned int flags, cspawn_fileaction const *actions, size_t n)
{
	int p[2], e = 0;
	pid_t pid;
	if (pipecoe(p) == -1) return 0;
	pid = forked();
	if (!pid) {
		if (flags & CSPAWN_FLAGS_SELFPIPE_FINISH) selfpipe_finish();
		sig_blocknone();
		for (size_t i = 0; i < n && !e; i++) {
			if (actions[i].type == CSPAWN_FA_CLOSE) fd_close(actions[i].x.fd);
			else if (fd_move(actions[i].x.fd2[0], actions[i].x.fd2[1]) == -1) e = errno;
		}
		if (!e) {
			exec_ae(prog, argv, envp);
			e = errno;
		}
		fd_write(p[1], (char *)&e, sizeof e);
		_exit(127);
	}
	if (pid == -1) e = errno;
	fd_close(p[1]);
	if (pid > 0 && fd_read(p[0], (char *)&e, sizeof e) == sizeof e && forked == fork) {
		int status;
		waitpid_nointr(pid, &status, 0);
	}
	fd_close(p[0]);
	if (!e) return pid;
	errno = e;
	return 0;
}

#define cspawn(prog, argv, envp, flags, actions, n) cspawn_by(fork, prog, argv, envp, flags, actions, n)
#define gcspawn(prog, argv, envp, flags, actions, n) cspawn_by(doublefork, prog, argv, envp, flags, actions, n)

#endif
