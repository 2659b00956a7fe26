#!/usr/bin/env bash
# bash itself: every kind of child it forks without exec, and the ways it grows strings and tables.
# serves: bash sort
# exits: 7
# shellcheck source=common.bash
source "${BASH_SOURCE[0]%/*}/common.bash"

finish() {
    local status=$?
    echo "trap on EXIT, status $status"
    exit 7
}
trap finish EXIT

section "strings that grow"
scaled rounds 20000
text=
for ((i = 0; i < rounds; i++)); do text+="$i,"; done
echo "${#text} ${text: -12}"
replaced=${text//,/--}
echo "${#replaced} ${replaced:0:24}"
fields=${replaced//[!3]/}
echo "threes: ${#fields}"
unset text replaced fields

section "arrays"
scaled entries 20000
declare -A by_name
declare -a numbers
for ((i = 0; i < entries; i++)); do
    printf -v name 'name-%05d' "$(( i * 7919 % entries ))"
    by_name[$name]=$i
    numbers[i * 3]=$name
done
echo "${#by_name[@]} ${#numbers[@]} ${by_name[name-00001]:-none} ${numbers[(entries - 1) * 3]}"
for ((i = 0; i < entries; i += 2)); do unset "numbers[i * 3]"; done
echo "${#numbers[@]} left"
names=("${!by_name[@]}")
printf '%s\n' "${names[@]}" | sort | { mapfile -t sorted; echo "${#sorted[@]} ${sorted[0]} ${sorted[-1]}"; }
by_name=() numbers=() names=()

section "command substitution, subshells, pipes"
total=0
for ((i = 0; i < 20; i++)); do
    piece=$(for ((j = 0; j < 50; j++)); do printf '%s ' "$(( i * j ))"; done)
    total=$(( total + ${#piece} ))
done
echo "$total"
outer=1
( outer=2; ( outer=3; echo "inner $outer" ); echo "middle $outer" )
echo "outer $outer"
nested=$(echo "a $(echo "b $(echo "c $(echo d)")")")
echo "$nested"
count_lines() { local n=0; while read -r _; do n=$(( n + 1 )); done; echo "$n"; }
printf '%s\n' {1..500} | while read -r n; do (( n % 3 )) || echo "$n"; done | count_lines
status=0; (exit 42) || status=$?; echo "subshell status $status"
statuses=(); true | (exit 3) | false || statuses=("${PIPESTATUS[@]}"); echo "pipe statuses ${statuses[*]}"

section "here-documents and here-strings"
who=world
cat <<END
hello $who, $(echo "two and two is $(( 2 + 2 ))")
END
cat <<'END'
no $expansion `here`
END
read -r first rest <<<"one two three"; echo "$first/$rest"
long=$(printf 'line %d of a here-document longer than a pipe\n' {1..3000})
count_lines <<<"$long"

section "descriptors"
exec 3>third.txt 4>&1
echo "to three" >&3
echo "to four" >&4
{ echo "a"; echo "b" >&3; } | { read -r a; echo "read $a"; }
exec 3>&- 4>&-
exec 5<third.txt; read -r line <&5; read -r line2 <&5; exec 5<&-; echo "$line, $line2"
while read -r a b; do echo "$b $a"; done < <(printf '%s\n' "1 one" "2 two")
{ echo "out"; echo "err" >&2; } 2>&1 | sort

section "background jobs"
for i in 1 2 3 4 5 6; do
    ( s=; for ((j = 0; j < 2000; j++)); do s+=$i; done; echo "${#s}" >"job.$i"; exit "$i" ) &
    jobs_started[i]=$!
done
for i in 1 2 3 4 5 6; do
    status=0; wait "${jobs_started[i]}" || status=$?
    echo "job $i: status $status, wrote $(<"job.$i")"
done
# Not killed before it runs: until it has dropped its parent's traps, bash itself would complain now and then.
( : >running; while :; do :; done ) & pid=$!
until [[ -e running ]]; do :; done
kill -TERM "$pid"; status=0; { wait "$pid"; } 2>/dev/null || status=$?; echo "killed job: $status"
coproc upper { while read -r word; do echo "${word^^}"; done; }
echo "shout" >&"${upper[1]}"; read -r answer <&"${upper[0]}"; echo "$answer"
upper_pid=${upper_PID:?}; eval "exec ${upper[1]}>&-"; wait "$upper_pid"

section "signals and functions"
usr1=0; trap 'usr1=$(( usr1 + 1 ))' USR1
for i in 1 2 3; do kill -USR1 "$$"; done
echo "USR1 seen $usr1 times"
fib() { if (( $1 < 2 )); then result=$1; else fib "$(( $1 - 1 ))"; local a=$result; fib "$(( $1 - 2 ))"; result=$(( a + result )); fi; }
fib 13; echo "fib $result"
depth() { local pad=$1$1; (( ${#pad} < 1 << 12 )) && depth "$pad"; return 0; }
depth ab
[[ "key=some value" =~ ^([a-z]+)=(.*)$ ]] && echo "${BASH_REMATCH[1]} -> ${BASH_REMATCH[2]}"
eval "made_$who=yes"; echo "${made_world:-}"
no-such-command-here 2>/dev/null || echo "unknown command: $?"
false
