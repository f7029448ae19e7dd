# The state of all packages as a table for packages/README.md, out of the report's rows and then the list of packages.

BEGIN {
	FS = "\t"
	word["tested"] = "built and smoke-tested here"
	word["built"] = "built"
	print "| package | version | license | built again | needs at run time | state |\n| --- | --- | --- | --- | --- | --- |"
	again["yes"] = "the same"
	again["no"] = "differs"
}

NR == FNR {
	state[$1] = word[$3]
	needs[$1] = $6
	same[$1] = again[$9]
	next
}

{
	now = state[$1] == "" ? "rendered only" : state[$1]
	sub(/ $/, "", needs[$1])
	print "| " $1 " | " $2 " | " $3 " | " same[$1] " | " needs[$1] " | " now ($4 == "" ? "" : ": " $4) " |"
}
