# One package's test: its environment, its double that does nothing, its row of the report. Read by `run`.

# test_package NAME: prints the row: name, version, state, seconds, bytes, closure, license, whether the test fails
# without the package, whether two builds are equal, and a note.
test_package() {
	name=$1 seconds='' size='' closure='' fails='' same='' note=''
	row=$(grep "^$name	" "$work/all")
	version=$(echo "$row" | cut -f2) license=$(echo "$row" | cut -f3) note=$(echo "$row" | cut -f4) id=$name.$(echo "$row" | cut -f5)
	if [ -n "$note" ]; then
		state='not built'
	elif [ ! -d "$store/versions/$id" ]; then
		state=failed note='the build failed'
	else
		seconds=$(sed -n 's/^  "seconds": \([0-9]*\).*/\1/p' "$store/meta/$id/record.json")
		size=$(bytes "$id")
		closure=$(closure_of "$id")
		smoke "$name" "$id"
		[ -z "${REPRODUCE:-}" ] || [ "$state" = failed ] || build_again "$name" "$id"
		[ ! -f "$work/again.$id" ] || same=$(cat "$work/again.$id")
	fi
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$version" "$state" "$seconds" "$size" \
		"$(echo "$closure" | sed 's/\.[0-9a-f]*//g')" "$license" "$fails" "$same" "$note"
}

# bytes ID: of its files.
bytes() {
	awk -F '\t' '$1 == "f" { sum += $3 } END { print sum + 0 }' "$store/meta/$1/manifest"
}

# closure_of ID: what it refers to at run time, in turn, without itself.
closure_of() {
	todo=$1 seen=
	while [ -n "$todo" ]; do
		next=
		for one in $todo; do
			case " $seen " in *" $one "*) continue ;; esac
			seen="$seen $one"
			next="$next $(sed -n '/^  "references": \[/,/\]/s/^ *"\([^" ]*\)",\{0,1\}$/\1/p' "$store/meta/$one/record.json")"
		done
		todo=$next
		[ -n "$(echo $next)" ] || break
	done
	for one in $seen; do
		[ "$one" = "$1" ] || printf '%s ' "$one"
	done
}

# smoke NAME ID: sets `state`, `fails` and `note`.
smoke() {
	test=$here/$1.sh log=$work/$1.log
	if [ ! -f "$test" ]; then
		state=built note='no smoke test'
		return
	fi
	beside=$(sed -n 's/^# with: //p' "$test")
	# shellcheck disable=SC2086 # a name is one word
	if ! environment=$("$pthbs" env make --no-render "$1" $beside 2>"$log"); then
		state=failed note='no environment' fails=''
		return
	fi
	key=$(cat "$test" "$here/lib.sh" | sha256sum | cut -c1-16)-${environment##*.}
	if [ "$(cut -d' ' -f1 "$work/$1.passed" 2>/dev/null)" = "$key" ]; then
		state=tested fails=yes
		return
	fi
	# shellcheck disable=SC2086
	"$pthbs" switch --no-render --profile "$profile" "$1" $beside >>"$log" 2>&1 || { state=failed note='no profile'; return; }
	status=0
	attempt "$test" /versions/current >>"$log" 2>&1 || status=$?
	if [ "$status" != 0 ]; then
		state=failed note="$(tail -n 1 "$log" | tr '\t' ' ')"
		[ "$status" != 77 ] || state=built
		return
	fi
	double "$2" "$environment"
	if attempt "$test" "$work/double" >>"$log.double" 2>&1; then
		state=failed fails=no note='the test passes without the package'
		return
	fi
	rm -rf "$work/double" "$log.double"
	state=tested fails=yes
	echo "$key" >"$work/$1.passed"
}

# attempt TEST PREFIX: the test in an empty directory. Behind the environment there are a compiler and busybox.
attempt() {
	rm -rf "$work/here"
	mkdir "$work/here"
	tools=$(awk '$1 == "musl-cross-make" || $1 == "busybox" { print "/versions/" $1 "." $2 "/bin" }' rendered/index | sort -r | tr '\n' ':')
	path=/versions/current/bin:/versions/current/sbin:$tools
	[ "$2" = /versions/current ] || path=$2/bin:$2/sbin:$path
	(cd "$work/here" && timeout "${TIMEOUT:-120}" "$pthbs" run --no-render --profile "$profile" -- \
		env -i PATH="${path%:}" P="$2" T="$here" HOME="$work/here" LC_ALL=C CC="cc -static -I$2/include -L$2/lib" \
		"$(echo "$tools" | tr : '\n' | grep /busybox)/sh" -eu "$1")
}

# double ID ENVIRONMENT: the package with programs that do nothing and empty libraries; of data nothing is there.
double() {
	rm -rf "$work/double"
	mkdir -p "$work/double/lib"
	for dir in bin sbin libexec; do
		[ -d "$store/versions/$1/$dir" ] || continue
		mkdir "$work/double/$dir"
		for program in "$store/versions/$1/$dir/"*; do
			[ ! -f "$program" ] && [ ! -h "$program" ] || {
				printf '#!/bin/sh\nexit 0\n' >"$work/double/$dir/${program##*/}"
				chmod 755 "$work/double/$dir/${program##*/}"
			}
		done
	done
	for library in "$store/versions/$1/lib/"*.a; do
		[ ! -f "$library" ] || printf '!<arch>\n' >"$work/double/lib/${library##*/}"
	done
	find "$work/double" ! -type d | grep -q . || return 0
	for entry in "$2"/*; do
		[ -e "$work/double/${entry##*/}" ] || ln -s "/versions/current/${entry##*/}" "$work/double/"
	done
}

# build_again NAME ID: sets `same`; what was compared before is not compared again.
build_again() {
	[ ! -f "$work/again.$2" ] || return 0
	same=no
	"$pthbs" reproduce "$1" >"$work/$1.again" 2>&1 && same=yes
	echo "$same" >"$work/again.$2"
}
