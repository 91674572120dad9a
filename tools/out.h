/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_OUT_H
#define XFRM_HA_TOOL_OUT_H

#include <stdbool.h>

#include "util.h"

/*
 * One description of what is shown, two ways to write it. A key is for JSON
 * (NULL inside an array), a label for text: it is written in front of the
 * value; NULL means that text does not have the value.
 */
void out_init(bool json, bool pretty);
int out_finish(void);

/* The answer to one show: an array, that exists wholly or not at all. */
int out_begin(void);
int out_end(int status);

void out_object(const char *key);
void out_object_end(void);
void out_array(const char *key);
void out_array_end(void);
void out_line_end(void);	/* after an object that is in no array */

void out_null(const char *key);
void out_bool(const char *key, const char *label, bool val);
void out_str(const char *key, const char *label, const char *val);
void out_num(const char *key, const char *label, u64 val);
void out_time(const char *key, const char *label, u64 ms);
void out_age(const char *key, const char *label, u64 ms);
void out_text(const char *fmt, ...) __printf(1, 2);

#endif /* XFRM_HA_TOOL_OUT_H */
