// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include <linux/xfrm_ha.h>

#include "names.h"

const char *const names_role[] = {
	[XFRM_HA_ROLE_INIT] = "init",
	[XFRM_HA_ROLE_STANDBY] = "standby",
	[XFRM_HA_ROLE_ACTIVE] = "active",
	[XFRM_HA_ROLE_FENCED] = "fenced",
	NULL
};

const char *const names_sync[] = {
	[XFRM_HA_SYNC_NONE] = "none",
	[XFRM_HA_SYNC_COLD] = "cold",
	[XFRM_HA_SYNC_BULK] = "bulk",
	[XFRM_HA_SYNC_HOT] = "hot",
	[XFRM_HA_SYNC_STALE] = "stale",
	NULL
};

const char *const names_install[] = {
	[XFRM_HA_INSTALL_KERNEL] = "kernel",
	[XFRM_HA_INSTALL_DAEMON] = "daemon",
	NULL
};

const char *const names_policies[] = {
	[XFRM_HA_POLICIES_HOT] = "hot",
	[XFRM_HA_POLICIES_TAKEOVER] = "takeover",
	[XFRM_HA_POLICIES_OFF] = "off",
	NULL
};

const char *const names_transport[] = {
	[XFRM_HA_TRANSPORT_UDP] = "udp",
	[XFRM_HA_TRANSPORT_SCTP] = "sctp",
	NULL
};

const char *const names_peer_state[] = {
	[XFRM_HA_PSTATE_DOWN] = "down",
	[XFRM_HA_PSTATE_CONNECTING] = "connecting",
	[XFRM_HA_PSTATE_UP] = "up",
	[XFRM_HA_PSTATE_LOST] = "lost",
	[XFRM_HA_PSTATE_REFUSED] = "refused",
	NULL
};

const char *const names_dir[] = {
	[XFRM_HA_DIR_UNKNOWN] = "unknown",
	[XFRM_HA_DIR_IN] = "in",
	[XFRM_HA_DIR_OUT] = "out",
	NULL
};

const char *const names_origin[] = {
	[XFRM_HA_ORIGIN_OWN] = "own",
	[XFRM_HA_ORIGIN_LEARNED] = "learned",
	NULL
};

const char *const names_event[] = {
	[XFRM_HA_EVENT_KIND_ROLE] = "role",
	[XFRM_HA_EVENT_KIND_SYNC] = "sync",
	[XFRM_HA_EVENT_KIND_PEER] = "peer",
	NULL
};

/* A module newer than the tool may know more values than the tool. */
const char *names_get(const char *const *names, unsigned int val)
{
	unsigned int i;

	for (i = 0; names[i]; i++)
		if (i == val)
			return names[i];
	return "unknown";
}
