#!/usr/bin/env bash
# Many short programs: the start and the end of a process matter as much as what it does.
# serves: seq sort uniq cut tr sha256sum wc tac join head ls find du tar env stat
# shellcheck source=common.bash
source "${BASH_SOURCE[0]%/*}/common.bash"

section "sort"
scaled lines 300000
seq "$lines" | tr 0123456789 5029381746 >numbers
sort --parallel=2 -n numbers | sha256sum
sort --parallel=2 -S 4M -T . -r numbers | tee reversed | sha256sum
sort -c -r reversed && echo "in order"
cut -c 1-3 numbers | sort --parallel=2 | uniq -c | sort -k1,1nr -k2 >counted
head -n 5 counted

section "text"
tac numbers >backwards
head -n 3 backwards
seq 1 2 2000 | sed 's/$/ odd/' >odd
seq 1 3 2000 | sed 's/$/ third/' >third
join <(sort odd) <(sort third) | wc
paste odd third | tail -n 2
comm -12 <(cut -d' ' -f1 odd | sort) <(cut -d' ' -f1 third | sort) | tr '\n' ' ' | fold -w 60 -s | sed -n 1,2p
base64 numbers | base64 -d | cmp - numbers && echo "base64 there and back"
od -An -tx1 -N 24 numbers
printf '%s\n' "c a" "b c" "a d" | tsort | xargs echo
factor 600851475143
numfmt --to=iec 123456789
date -u -d @1700000000 +%F

section "a closed pipe"
statuses=(0 0)
yes | head -n 3 || statuses=("${PIPESTATUS[@]}")
echo "yes ${statuses[0]}, head ${statuses[1]}"

section "files"
mkdir -p tree/a/b tree/c
split -n 5 numbers tree/a/part.
cat tree/a/part.* | cmp - numbers && echo "split and cat"
for i in 1 2 3; do echo "file $i" >"tree/c/f$i"; done
ln -s ../c/f1 tree/a/link
chmod 640 tree/c/f2
ls -lgG --time-style=+ tree/c | tail -n +2 | sort
find tree -printf '%p %y %m\n' | sort
du --apparent-size -b tree/c/f1 tree/a/part.aa
stat -c '%n %s %a' tree/c/f*
tar -C tree -cf tree.tar --sort=name --mtime=@0 --owner=0 --group=0 .
mkdir copy
tar -C copy -xf tree.tar
diff -r tree copy && echo "tar there and back"
tar -tf tree.tar | sha256sum

section "statuses and environment"
for command in true false "test 1 -gt 2" "cat missing" "expr 2 + 3" "timeout 5 false" "env -u HOME printenv HOME"; do
    status=0
    # Every word of the command is one argument; env finds the program where bash has a builtin of the name.
    # shellcheck disable=SC2086
    env $command || status=$?
    echo "$command: $status"
done
status=0; timeout 0.2 sleep 30 || status=$?; echo "timeout: $status"
env GREETING=hello NAME=you printenv GREETING NAME
env | cut -d= -f1 | grep -v -e '^LD_PRELOAD$' -e '^JAVALLOC' | sort | xargs echo
seq 5 | stdbuf -oL tr 1-5 a-e | xargs echo
