// SPDX-License-Identifier: GPL-2.0
/* Key files: 32 bytes as one line of base64, readable by their owner alone. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "err.h"
#include "key.h"

enum { KEY_TEXT = (XFRM_HA_KEY_LEN + 2) / 3 * 4 };

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Exactly KEY_TEXT characters, the last one '=': 32 bytes leave one over. */
static bool decode(const char *text, u8 *key)
{
	u32 bits = 0;
	int i, d, n = 0;

	for (i = 0; i < KEY_TEXT - 1; i++) {
		d = digit(text[i]);
		if (d < 0)
			return false;
		bits = bits << 6 | d;
		if (i % 4)
			key[n++] = bits >> (6 - 2 * (i % 4)) & 0xff;
	}
	/* What hangs over must be 0, else two texts were the same key. */
	return text[i] == '=' && !(bits & 3);
}

static int check_file(int fd, const char *file)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_refused("%s: %s", file, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_refused("%s: not a regular file", file);
	if (st.st_mode & 0077)
		return err_refused("%s: others can read or write it: chmod 600 first", file);
	return ST_OK;
}

static int read_text(int fd, const char *file, u8 *key)
{
	char text[KEY_TEXT + 2];
	ssize_t n = read(fd, text, sizeof(text));
	int ret = ST_OK;

	if (n < 0)
		ret = err_refused("%s: %s", file, strerror(errno));
	else if (n != KEY_TEXT && (n != KEY_TEXT + 1 || text[KEY_TEXT] != '\n'))
		ret = err_refused("%s: not a key: one line of %d characters, see 'xfrm-ha genkey'",
				  file, KEY_TEXT);
	else if (!decode(text, key))
		ret = err_refused("%s: not a key: no base64 of %d bytes", file,
				  XFRM_HA_KEY_LEN);
	explicit_bzero(text, sizeof(text));
	return ret;
}

int key_read(const char *file, u8 key[XFRM_HA_KEY_LEN])
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int ret;

	if (fd < 0)
		return err_refused("%s: %s", file, strerror(errno));
	ret = check_file(fd, file);
	if (!ret)
		ret = read_text(fd, file, key);
	close(fd);
	return ret;
}
