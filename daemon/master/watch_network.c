/* Which file systems are written by others. */
#include "daemon/master/watch_network.h"

#include "common/attr.h"

#include <sys/vfs.h>

/* statfs(2) */
static const uint32_t network_types[] = {
	0x6969,	    /* NFS */
	0xff534d42, /* CIFS */
	0xfe534d42, /* SMB2 */
	0x517b,	    /* SMB */
	0x01021997, /* 9p, as /mnt/c of WSL 2 */
	0x65735546, /* FUSE, as shared folders of Docker Desktop */
	0x786f4256, /* vboxsf */
	0x5346414f, /* AFS */
	0x6b414653, /* kAFS */
	0x00c36400, /* Ceph */
	0x73757245, /* Coda */
};

bool watch_network_is(struct watch *w, int fd, uint32_t dev)
{
	struct statfs fs;
	bool network = false;

	for (size_t i = 0; i < w->devices_count; i++)
		if (w->devices[i].dev == dev)
			return w->devices[i].network;
	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(network_types); i++)
		network |= (uint32_t)fs.f_type == network_types[i];
	if (w->devices_count == ARRAY_LEN(w->devices))
		w->devices_count = 0; /* no tree has so many: begin again */
	w->devices[w->devices_count].dev = dev;
	w->devices[w->devices_count++].network = network;
	return network;
}

bool watch_network_known(const struct watch *w, uint32_t dev)
{
	for (size_t i = 0; i < w->devices_count; i++)
		if (w->devices[i].dev == dev)
			return w->devices[i].network;
	return false;
}
