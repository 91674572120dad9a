// SPDX-License-Identifier: GPL-2.0
/* xfrm-ha genkey: a key for the sync link. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "err.h"
#include "util.h"

enum { KEY_LEN = 32, KEY_TEXT = (KEY_LEN + 2) / 3 * 4 };

static void base64(const u8 *in, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	u32 three;
	int i, left;

	for (i = 0; i < KEY_LEN; i += 3) {
		left = KEY_LEN - i;
		three = in[i] << 16 | (left > 1 ? in[i + 1] << 8 : 0) |
			(left > 2 ? in[i + 2] : 0);
		*out++ = digits[three >> 18];
		*out++ = digits[three >> 12 & 63];
		*out++ = left > 1 ? digits[three >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[three & 63] : '=';
	}
}

/* write() and not stdio, whose buffer would keep the key. */
static int write_out(const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(STDOUT_FILENO, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_refused("cannot write the key: %s",
					   strerror(errno));
		text += n;
		len -= n;
	}
	return ST_OK;
}

static int run(struct args *a)
{
	char text[KEY_TEXT + 1];
	u8 key[KEY_LEN];
	struct stat st;
	int ret = args_end(a);

	if (ret)
		return ret;
	if (!fstat(STDOUT_FILENO, &st) && S_ISREG(st.st_mode) &&
	    st.st_mode & 0004)
		err_refused("warning: everybody may read this file, better: umask 077 first");
	/* up to 256 bytes come whole, or not at all */
	while (getrandom(key, sizeof(key), 0) != sizeof(key))
		if (errno != EINTR)
			return err_refused("no random numbers: %s",
					   strerror(errno));
	base64(key, text);
	text[KEY_TEXT] = '\n';
	ret = write_out(text, sizeof(text));
	explicit_bzero(key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	return ret;
}

const struct cmd cmd_genkey = {
	.name = "genkey",
	.brief = "write a new key for the sync link to stdout",
	.usage = "xfrm-ha genkey > FILE\n",
	.run = run,
};
