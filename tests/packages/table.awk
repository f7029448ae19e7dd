# The state of all packages as a table for packages/README.md, out of the report's rows and then the list of packages.

BEGIN {
	FS = "\t"
	word["tested"] = "built and smoke-tested here"
	word["built"] = "built"
	print "| package | version | license | state |\n| --- | --- | --- | --- |"
}

NR == FNR {
	state[$1] = word[$3]
	next
}

{
	now = state[$1] == "" ? "rendered only" : state[$1]
	print "| " $1 " | " $2 " | " $3 " | " now ($4 == "" ? "" : ": " $4) " |"
}
