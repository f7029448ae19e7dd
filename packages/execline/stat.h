/* Stands for the header of this name that skalibs has from 2.14.3 on. It can go with cspawn.h. */
#ifndef SKALIBS_STAT_H
#define SKALIBS_STAT_H

#include <sys/stat.h>
#include <time.h>

static inline int timespec_cmp(struct timespec const *a, struct timespec const *b)
{
	if (a->tv_sec != b->tv_sec) return a->tv_sec < b->tv_sec ? -1 : 1;
	return (a->tv_nsec > b->tv_nsec) - (a->tv_nsec < b->tv_nsec);
}

#endif
