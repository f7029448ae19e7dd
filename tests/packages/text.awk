# The report as text, out of its rows.

BEGIN {
	FS = "\t"
	line = "%-24s %-15s %-9s %7s %9s %-5s %-6s %s\n"
	printf line, "package", "version", "state", "seconds", "KiB", "equal", "alone", "license; note"
}

{
	sub(/ $/, "", $6)
	printf line, $1, $2, $3, $4, $5 == "" ? "" : int(($5 + 1023) / 1024), $9, $5 == "" ? "" : ($6 == "" ? "yes" : "no"), \
		$7 ($6 == "" ? "" : "; needs " $6) ($10 == "" ? "" : "; " $10)
	count[$3]++
	shown += $8 == "yes"
	again += $9 != ""
	same += $9 == "yes"
}

END {
	printf "\n"
	print "seconds: of the build; equal: whether a second build was the same to the last bit (REPRODUCE=1 looks)"
	print "alone: whether it needs no other package at run time"
	printf "%d packages: %d tested, %d built, %d failed, %d not built\n", NR, count["tested"], count["built"], count["failed"], count["not built"]
	printf "%d packages were built twice, %d of them the same\n", again, same
	printf "%d tests were shown to fail when the package does nothing\n", shown
}
