/* SPDX-License-Identifier: GPL-2.0 */
/* Captures in tcpdump's classic format, in our byte order, with microseconds. */
#ifndef XHA_PCAP_H
#define XHA_PCAP_H

#include <stdint.h>
#include <stdio.h>

#define PCAP_MAGIC	0xa1b2c3d4
#define PCAP_ETHERNET	1

struct pcap_head {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snaplen, link;
};

struct pcap_frame {
	uint32_t sec, usec, len, wire_len;
};

/* NULL unless it is a capture of Ethernet; what is wrong is said. */
static inline FILE *pcap_open(const char *program, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct pcap_head head;

	if (file && fread(&head, sizeof(head), 1, file) == 1 && head.magic == PCAP_MAGIC && head.link == PCAP_ETHERNET)
		return file;
	fprintf(stderr, "%s: %s is not a capture of Ethernet\n", program, path);
	if (file)
		fclose(file);
	return NULL;
}

/* 1, 0 at the end, -1 if the file is broken. */
static inline int pcap_next(FILE *file, struct pcap_frame *head, unsigned char *frame, size_t room)
{
	if (fread(head, sizeof(*head), 1, file) != 1)
		return 0;
	return head->len <= room && fread(frame, head->len, 1, file) == 1 ? 1 : -1;
}

#endif /* XHA_PCAP_H */
