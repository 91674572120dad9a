# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# KTAP output for the scripts here: ktap_plan N, then ktap_test NAME COMMAND...

ktap_n=0
ktap_bad=0

ktap_plan()
{
	echo "TAP version 13"
	echo "1..$1"
}

# The command says on stdout what is wrong; that becomes a comment.
ktap_test()
{
	local name=$1 said rc
	shift

	said=$("$@")
	rc=$?
	ktap_n=$((ktap_n + 1))
	[ -z "$said" ] || echo "# ${said//$'\n'/$'\n'# }"
	if [ "$rc" -eq 0 ]; then
		echo "ok $ktap_n $name"
	else
		echo "not ok $ktap_n $name"
		ktap_bad=$((ktap_bad + 1))
	fi
}

ktap_skip()
{
	ktap_n=$((ktap_n + 1))
	echo "ok $ktap_n $1 # SKIP $2"
}

ktap_exit()
{
	[ "$ktap_bad" -eq 0 ]
	exit
}
