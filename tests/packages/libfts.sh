# A walk through a tree: each directory before and behind what is in it, files in between, a link as itself.
mkdir -p tree/b/c
touch tree/a tree/b/c/d
ln -s b tree/e
cat >walk.c <<'END'
#include <fts.h>
#include <stdio.h>
#include <string.h>
static int by_name(const FTSENT **a, const FTSENT **b) { return strcmp((*a)->fts_name, (*b)->fts_name); }
int main(void)
{
	char *paths[] = {"tree", NULL};
	FTS *walk = fts_open(paths, FTS_PHYSICAL, by_name);
	FTSENT *entry;
	while (walk && (entry = fts_read(walk)))
		printf("%s%s ", entry->fts_path, entry->fts_info == FTS_D ? "/" : entry->fts_info == FTS_DP ? "." : entry->fts_info == FTS_SL ? "@" : "");
	return !walk || fts_close(walk);
}
END
$CC walk.c -lfts -o walk
[ "$(./walk)" = 'tree/ tree/a tree/b/ tree/b/c/ tree/b/c/d tree/b/c. tree/b. tree/e@ tree. ' ]
