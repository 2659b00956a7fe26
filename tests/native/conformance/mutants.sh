#!/bin/bash
# mutants.sh PROGRAMS LIBRARY: runs each program on the mutants of malloc that it must notice. PROGRAMS is the directory
# with the compiled programs, LIBRARY the absolute path of the compiled mutant.c. Prints the mutants that survived, and
# fails if there are any.
set -u
programs=$1 library=$2 survivors=0

run() { # PROGRAM[:ARGUMENT] MUTANT
  local words=(${1/:/ })
  timeout 60 env LD_PRELOAD="$library" MUTANT="$2" SCALE=0.2 PATIENCE=0.1 "$programs/${words[0]}" "${words[@]:1}" \
    >/dev/null
}

# No program may fail on the library itself, or the rest proves nothing.
for program in standard realloc aligned usable reuse overlap model threads short-threads stacks fork exit-order oom:as \
    errno-and-state crash signals descriptors mlockall; do
  if ! run "$program" none; then
    echo "$program fails on an unbroken malloc"
    survivors=$((survivors + 1))
  fi
done

noticed_with() { # STATUS PROGRAM[:ARGUMENT] MUTANT...
  local wanted=$1 program=$2 mutant status
  for mutant in "${@:3}"; do
    run "$program" "$mutant" 2>/dev/null
    status=$?
    if ((status != wanted)); then
      echo "$program, with '$mutant': status $status, and not $wanted, as who notices it ends with"
      survivors=$((survivors + 1))
    fi
  done
}

noticed() { noticed_with 1 "$@"; } # PROGRAM[:ARGUMENT] MUTANT...

noticed standard 'malloc(0) is NULL' 'malloc(0) is shared' '8-byte alignment' 'failure leaves errno alone' \
  'success changes errno' 'free changes errno' 'calloc does not zero' 'calloc overflows' 'calloc leaves the last byte' \
  'reallocarray overflows'
noticed realloc 'realloc(p, 0) keeps the block' 'realloc loses the last bytes'
noticed_with 134 realloc 'a failed realloc frees' # by libc, for the second time
noticed aligned 'alignment stops at a page' 'alignment is rounded down' 'a huge alignment is taken' \
  'aligned_alloc takes any alignment' 'aligned_alloc wants a multiple' 'posix_memalign clears the pointer' \
  'posix_memalign takes 4' 'posix_memalign sets errno' 'valloc is malloc' 'pvalloc does not round'
noticed usable 'usable size of NULL' 'usable size too small'
noticed_with 134 usable 'usable size too large' # by libc, whose own data the program has filled
noticed overlap 'usable size too large' 'malloc(0) is shared'
noticed model 'calloc does not zero' 'realloc loses the last bytes' '8-byte alignment' 'a failed realloc frees'
noticed reuse 'free does nothing' 'realloc(p, 0) leaks' 'free_sized leaks'
noticed threads 'a cache without a lock'
noticed short-threads "a dead thread's block dies"
noticed_with 139 stacks 'malloc needs a deep stack'
noticed fork 'a forked child hangs' 'realloc in a child loses the contents'
noticed exit-order 'malloc fails while a thread exits'
noticed oom:as 'failure leaves errno alone'
noticed_with 134 oom:as 'running out of memory aborts'
noticed crash 'SIGSEGV is handled' 'SIGUSR2 is handled' 'SIGPIPE is ignored' 'it prints'
noticed signals 'a thread takes signals'
noticed descriptors 'a descriptor is written to'
noticed mlockall 'the address space is readable'
exec 3>&- # 3 is free
export EXPECT_FD3=1 EXPECT_CWD=$PWD EXPECT_UMASK=$(umask) EXPECT_NOFILE=$(ulimit -Sn)
noticed errno-and-state 'errno is left' 'a locale is set' 'a descriptor stays open' 'the umask changes' \
  'the directory changes' 'a variable is set' 'a variable is moved' 'a limit is raised' 'a signal is blocked' \
  'SIGSEGV is handled' 'SIGUSR2 is handled' 'SIGPIPE is ignored' \
  'the main thread is renamed' 'denormals are flushed'
((survivors == 0)) && echo "ok mutants"
