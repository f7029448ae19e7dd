/* What a C program needs of its toolchain: threads with storage of their own, mathematics, the kernel's headers. */
#include <linux/limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>

static _Thread_local int own = 1;
static volatile double two = 2;

static void *run(void *sum)
{
	own += 40;
	*(int *)sum = own;
	return sum;
}

int main(void)
{
	pthread_t thread;
	int sum = 0;
	if (pthread_create(&thread, NULL, run, &sum) || pthread_join(thread, NULL))
		return 1;
	if (sum != 41 || own != 1 || (int)(sqrt(two) * 1000) != 1414 || PATH_MAX != 4096)
		return 2;
	return printf("hello from C\n") < 0;
}
