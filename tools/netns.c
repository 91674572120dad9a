// SPDX-License-Identifier: GPL-2.0
/* -n: into a network namespace that 'ip netns' made. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "netns.h"

int netns_enter(const char *name)
{
	char path[PATH_MAX];
	int fd, ret = ST_OK;

	if (!*name || strchr(name, '/') || !strcmp(name, ".") ||
	    !strcmp(name, ".."))
		return err_usage("'%s' is not the name of a network namespace",
				 name);
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_refused("cannot open the network namespace %s: %s",
				   name, strerror(errno));
	if (setns(fd, CLONE_NEWNET))
		ret = err_refused("cannot enter the network namespace %s: %s",
				  name, strerror(errno));
	close(fd);
	return ret;
}
