// SPDX-License-Identifier: GPL-2.0
/* The conversation with the kernel: one socket, one request at a time. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <linux/xfrm_ha.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "err.h"
#include "nl.h"
#include "req.h"
#include "util.h"

enum { EVENT_BUFFER = 1024 * 1024 };	/* bytes; a takeover comes with many */

static struct nl_sock *sock;
static int family;

struct talk {
	const struct nlmsghdr *req;
	nl_reader reader;
	void *arg;
	int status;
	bool done;
};

static int no_family(int err)
{
	if (err == -NLE_OBJ_NOTFOUND)
		return err_refused("the kernel has no " XFRM_HA_GENL_NAME
				   " family: is the module xfrm_ha loaded?");
	return err_refused("cannot look up the family " XFRM_HA_GENL_NAME
			   ": %s", nl_geterror(err));
}

static int nl_open(void)
{
	int one = 1, err;

	if (sock)
		return ST_OK;
	sock = nl_socket_alloc();
	if (!sock)
		return err_refused("out of memory");
	err = genl_connect(sock);
	if (err) {
		nl_socket_free(sock);
		sock = NULL;
		return err_refused("cannot open a netlink socket: %s",
				   nl_geterror(err));
	}
	/* Without them the reasons are lost, nothing else. */
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &one,
		   sizeof(one));
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_CAP_ACK, &one,
		   sizeof(one));

	family = genl_ctrl_resolve(sock, XFRM_HA_GENL_NAME);
	if (family >= 0)
		return ST_OK;
	nl_socket_free(sock);
	sock = NULL;
	return no_family(family);
}

static int on_message(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct talk *talk = arg;
	struct genlmsghdr *genl;

	if (nlh->nlmsg_type != family || !genlmsg_valid_hdr(nlh, 0))
		return NL_SKIP;
	genl = genlmsg_hdr(nlh);
	talk->reader(genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0),
		     talk->arg);
	return NL_OK;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	struct talk *talk = arg;

	talk->status = nl_ack(nlmsg_hdr(msg), talk->req);
	talk->done = true;
	return NL_OK;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	/* libnl hands out the payload; the flags are in the header before it */
	const struct nlmsghdr *ack = (struct nlmsghdr *)((char *)err -
							 NLMSG_HDRLEN);
	struct talk *talk = arg;

	talk->status = nl_ack(ack, talk->req);
	talk->done = true;
	return NL_SKIP;
}

static int on_interrupted(struct nl_msg *msg, void *arg)
{
	err_refused("warning: what is shown changed meanwhile, it may be inconsistent");
	return NL_OK;
}

static int receive(struct talk *talk)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_CUSTOM);
	int err = 0;

	if (!cb)
		return err_refused("out of memory");
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_message, talk);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, talk);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, talk);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, talk);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, talk);
	while (!talk->done && err >= 0)
		err = nl_recvmsgs(sock, cb);
	nl_cb_put(cb);
	if (err < 0 && !talk->done)
		return err_refused("no answer: %s", nl_geterror(err));
	return talk->status;
}

/* Send @msg and free it, give each reply to @reader. */
int nl_talk(struct nl_msg *msg, bool dump, nl_reader reader, void *arg)
{
	struct talk talk = {
		.req = nlmsg_hdr(msg), .reader = reader, .arg = arg
	};
	int status = nl_open();
	int err;

	if (!status) {
		nlmsg_hdr(msg)->nlmsg_type = family;
		nlmsg_hdr(msg)->nlmsg_flags |= dump ? NLM_F_DUMP : 0;
		err = nl_send_auto(sock, msg);
		status = err < 0 ? err_refused("cannot send the request: %s",
					       nl_geterror(err)) :
				   receive(&talk);
	}
	req_free(msg);
	return status;
}

/* Read notifications until a signal comes, or the reader of stdout goes. */
static int listen_loop(struct nl_cb *cb, int signals)
{
	struct pollfd fds[] = {
		{ .fd = nl_socket_get_fd(sock), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	int err;

	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)	/* stopped and continued */
				continue;
			return err_refused("cannot wait: %s", strerror(errno));
		}
		if (fds[1].revents || fds[2].revents & POLLERR)
			return ST_OK;
		if (!fds[0].revents)
			continue;
		err = nl_recvmsgs(sock, cb);
		if (err == -NLE_NOMEM)
			err_refused("warning: events were lost, they came too fast");
		else if (err < 0 && err != -NLE_AGAIN)
			return err_refused("cannot receive: %s",
					   nl_geterror(err));
	}
}

static int join(void)
{
	int group = genl_ctrl_resolve_grp(sock, XFRM_HA_GENL_NAME,
					  XFRM_HA_GENL_MCGRP);
	int err;

	if (group < 0)
		return no_family(group);
	nl_socket_disable_seq_check(sock);
	nl_socket_set_buffer_size(sock, EVENT_BUFFER, 0);
	nl_socket_set_nonblocking(sock);
	err = nl_socket_add_membership(sock, group);
	if (err)
		return err_refused("cannot listen to events: %s",
				   nl_geterror(err));
	return ST_OK;
}

static int any_sequence(struct nl_msg *msg, void *arg)
{
	return NL_OK;
}

int nl_listen(nl_reader reader, void *arg)
{
	struct talk talk = { .reader = reader, .arg = arg };
	int status, signals;
	struct nl_cb *cb;
	sigset_t block;

	status = nl_open() ?: join();
	if (status)
		return status;
	cb = nl_cb_alloc(NL_CB_CUSTOM);
	if (!cb)
		return err_refused("out of memory");
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_message, &talk);
	/* Events answer no request: their sequence numbers mean nothing. */
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_sequence, NULL);

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, NULL);
	signals = signalfd(-1, &block, SFD_CLOEXEC);
	if (signals < 0)
		status = err_refused("no signalfd: %s", strerror(errno));
	else
		status = listen_loop(cb, signals);
	close(signals);
	nl_cb_put(cb);
	return status;
}
