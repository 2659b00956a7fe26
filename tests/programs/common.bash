# Sourced first by every program script: the same surroundings for both runs, and a few small tools.
# shellcheck shell=bash
set -euo pipefail
export LC_ALL=C TZ=UTC
SCALE=${SCALE:-100}

# scaled VARIABLE COUNT [LEAST]: COUNT at SCALE percent, LEAST (1) at least. Forks nothing.
scaled() {
    local count=$(( $2 * SCALE / 100 )) least=${3:-1}
    printf -v "$1" %d "$(( count < least ? least : count ))"
}

# find_real VARIABLE COMMAND: the first COMMAND in PATH that is an ELF executable. A script of that name (pyenv's
# shims, wrappers) is passed over: what runs must be the program itself.
find_real() {
    local directory magic IFS=:
    for directory in $PATH; do
        [[ -f $directory/$2 && -x $directory/$2 ]] || continue
        magic=
        IFS= read -r -N 4 magic <"$directory/$2" || true
        [[ $magic == $'\x7fELF' ]] || continue
        printf -v "$1" %s "$directory/$2"
        return 0
    done
    echo "$2: no such program in PATH (an ELF executable, not a script); tests/programs/setup installs it" >&2
    exit 1
}

# expect STATUS COMMAND...: the command must end with that status, else the script ends.
expect() {
    local wanted=$1 status=0
    shift
    "$@" || status=$?
    echo "status $status"
    (( status == wanted )) || { echo "${1##*/} should have ended with $wanted" >&2; return 1; }
}

# section NAME: says in the output where we are, so that a diff shows which part went wrong.
section() {
    echo "== $1"
}

# until_true TRIES COMMAND...: every 50 ms. It waits by reading from a pipe that stays empty: sleep would be a process.
until_true() {
    local tries=$1 never
    shift
    exec {never}<> <(:)
    until "$@"; do
        (( --tries > 0 )) || { echo "gave up waiting for: $*" >&2; return 1; }
        read -r -t 0.05 -u "$never" || true
    done
    exec {never}>&-
}

# has_ended PID: no such process, or only its status is left, which its parent has not asked for yet.
has_ended() {
    local status
    { read -r status <"/proc/$1/stat"; } 2>/dev/null || return 0
    [[ ${status##*) } == [ZX]* ]]
}
