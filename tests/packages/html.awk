# The report as a page, out of its rows.

BEGIN {
	FS = "\t"
	print "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Packages</title>"
	print "<style>body { font: 15px sans-serif } td, th { padding: .2em .7em; text-align: left } .number { text-align: right }"
	print ".tested { background: #dfd } .built { background: #ffd } .failed { background: #fdd }</style>\n<h1>Packages</h1>\n<table>"
	print "<tr><th>package<th>version<th>state<th>seconds<th>KiB<th>closure<th>license<th>test fails without it<th>two builds equal<th>note"
}

{
	state = $3
	size = $5 == "" ? "" : int(($5 + 1023) / 1024)
	for (i = 1; i <= NF; i++) {
		gsub(/&/, "\\&amp;", $i)
		gsub(/</, "\\&lt;", $i)
	}
	alone = $5 == "" ? "" : "itself"
	printf "<tr class=\"%s\"><td>%s<td>%s<td>%s<td class=\"number\">%s<td class=\"number\">%s<td>%s<td>%s<td>%s<td>%s<td>%s\n", \
		state, $1, $2, $3, $4, size, $6 == "" ? alone : $6, $7, $8, $9, $10
	count[state]++
	shown += $8 == "yes"
}

END {
	print "</table>"
	printf "<p>%d packages: %d tested, %d built, %d failed, %d not built. ", NR, count["tested"], count["built"], count["failed"], count["not built"]
	printf "%d tests were shown to fail when the package does nothing.\n</html>\n", shown
}
