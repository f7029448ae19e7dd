# Columns out of `genpkg list --json`, which has one key on each line.

/^    "[a-z]+": / {
	key = $1
	gsub(/[":]/, "", key)
	text = $0
	sub(/^    "[a-z]+": /, "", text)
	sub(/,$/, "", text)
	gsub(/^"|"$/, "", text)
	value[key] = text
}

/^  }/ {
	if (value["label"] !~ /@/)
		print value["label"] "\t" value["version"] "\t" value["license"] "\t" value["unverified"] "\t" value["id"]
	split("", value)
}
