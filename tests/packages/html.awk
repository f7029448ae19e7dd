# The report as a page, out of its rows.

BEGIN {
	FS = "\t"
	print "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Packages</title>"
	print "<style>body { font: 15px sans-serif } td, th { padding: .2em .7em; text-align: left } .number { text-align: right }"
	print ".tested { background: #dfd } .built { background: #ffd } .failed { background: #fdd }\n.not { color: #666 }</style>\n<h1>Packages</h1>\n<table>"
	print "<tr><th>package<th>version<th>state<th>seconds to build<th>KiB<th>needs at run time<th>license<th>test fails without it<th>second build the same<th>note"
}

{
	sub(/ $/, "", $6)
	state = $3
	size = $5 == "" ? "" : int(($5 + 1023) / 1024)
	for (i = 1; i <= NF; i++) {
		gsub(/&/, "\\&amp;", $i)
		gsub(/</, "\\&lt;", $i)
	}
	alone = $5 == "" ? "" : "nothing"
	printf "<tr class=\"%s\"><td>%s<td>%s<td>%s<td class=\"number\">%s<td class=\"number\">%s<td>%s<td>%s<td>%s<td>%s<td>%s\n", \
		state == "not built" ? "not" : state, $1, $2, $3, $4, size, $6 == "" ? alone : $6, $7, $8, $9, $10
	count[state]++
	shown += $8 == "yes"
	again += $9 != ""
	same += $9 == "yes"
}

END {
	print "</table>"
	printf "<p>%d packages: %d tested, %d built, %d failed, %d not built. ", NR, count["tested"], count["built"], count["failed"], count["not built"]
	printf "%d tests were shown to fail when the package does nothing. ", shown
	printf "%d packages were built twice, %d of them the same to the last bit (REPRODUCE=1 looks).\n</html>\n", again, same
}
