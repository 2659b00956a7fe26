#!/usr/bin/env bash
# git: packs (threads, zlib, mmap), a child for almost every command, and hashes that would show one wrong byte.
# serves: git
# shellcheck source=common.bash
source "${BASH_SOURCE[0]%/*}/common.bash"
find_real git git
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_PAGER=cat GIT_EDITOR=true
export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@example.org GIT_AUTHOR_DATE='1700000000 +0000'
export GIT_COMMITTER_NAME=Bob GIT_COMMITTER_EMAIL=bob@example.org GIT_COMMITTER_DATE='1700000100 +0000'
# Nothing may go on in the background after its command has ended.
export GIT_CONFIG_COUNT=4
export GIT_CONFIG_KEY_0=gc.auto GIT_CONFIG_VALUE_0=0
export GIT_CONFIG_KEY_1=maintenance.auto GIT_CONFIG_VALUE_1=false
export GIT_CONFIG_KEY_2=pack.threads GIT_CONFIG_VALUE_2=2
export GIT_CONFIG_KEY_3=advice.detachedHead GIT_CONFIG_VALUE_3=false
export GIT_CONFIG_PARAMETERS=
git() { "$git" "$@"; }

# revisions COMMITS: a stream for fast-import, each commit rewriting one of 40 files.
revisions() {
    local i j file data
    for ((i = 0; i < $1; i++)); do
        file=dir$(( i % 8 ))/file$(( i % 40 )).txt
        data=
        for ((j = 0; j < 60; j++)); do data+="line $j of $file, revision $(( (i * j) % 17 ))"$'\n'; done
        printf 'commit refs/heads/main\n'
        printf 'committer Ann <ann@example.org> %d +0000\n' "$(( 1600000000 + i ))"
        printf 'data <<END\ncommit %d\nEND\nM 100644 inline %s\ndata %d\n%s\n' "$i" "$file" "${#data}" "$data"
    done
}

section "init, import, commit"
git init -q -b main repository
cd repository
scaled commits 400 50
revisions "$commits" | git fast-import --quiet
git reset -q --hard
git log -1 --format='%H %s'
for i in 1 2 3; do
    for ((j = 0; j < 30 * i; j++)); do echo "note $j of $i"; done >"note$i"
    git add "note$i"
    git commit -q -m "note $i"
done
git log --format='%h %an %cn %s' -n 4
git rev-list --count HEAD

section "branch, merge, rebase"
git checkout -q -b side HEAD~2
echo "another line" >>note1
git commit -q -am "side: a line more"
echo "a new file" >side.txt
git add side.txt
git commit -q -m "side: a file"
git checkout -q main
git merge -q --no-edit side
git log --graph --format='%h %s' -n 6
git checkout -q -b moved side
git rebase -q main~1
git log --format='%H %s' -n 2
git checkout -q main
git checkout -q -b conflict HEAD~1
echo "in the way" >side.txt
git add side.txt
git commit -q -m "conflicting file"
expect 1 git merge -q side
git status --short
git merge --abort
git checkout -q main

section "diff, grep, blame"
git diff --stat HEAD~3 HEAD | cat
git diff HEAD~40 HEAD~1 | sha256sum
git log -p --format=%H -n 100 | sha256sum
git grep -c 'revision 13' | sort | sed -n 1,3p
git blame --porcelain note1 | tail -n 1
git shortlog -s -n HEAD

section "gc, fsck, clone"
git gc -q --prune=now
git fsck --full --strict --no-dangling
git count-objects -v | grep -E '^(count|in-pack|packs|garbage):'
cd ..
git clone -q repository by-path
git clone -q --depth 5 "file://$PWD/repository" shallow
git -C by-path rev-parse HEAD
git -C shallow rev-list --count HEAD
git -C by-path archive --format=tar HEAD | sha256sum
