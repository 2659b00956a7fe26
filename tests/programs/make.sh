#!/usr/bin/env bash
# make: thousands of rules and expansions on its heap, children by vfork, two jobs at a time, recursion.
# serves: make sh tr cat
# shellcheck source=common.bash
source "${BASH_SOURCE[0]%/*}/common.bash"
find_real make make
scaled RULES 3000 60
scaled WIDTH 60
export RULES WIDTH

mkdir part1 part2
cat >Makefile <<'END'
numbers := $(shell seq 1 $(RULES))
names   := $(foreach n,$(numbers),virtual-$(n))
parts   := part1 part2
texts   := one.out two.out three.out

all: $(texts) $(parts) report

# Thousands of targets without a recipe, each depending on the one before: make recurses that deep.
define virtual
virtual-$(1): virtual-$(2)
.PHONY: virtual-$(1)
endef
previous := 0
virtual-0:
$(foreach n,$(numbers),$(eval $(call virtual,$(n),$(previous)))$(eval previous := $(n)))

%.in:
	@echo "text of $*" > $@

%.out: %.in
	@tr a-z A-Z < $< > $@

$(parts): | $(texts)
	@$(MAKE) --no-print-directory -C $@ -f ../part.mk WHERE=$@

report: $(texts) $(parts)
	@echo "$(words $(names)) names, last $(lastword $(names)), $(words $(sort $(patsubst virtual-%,%,$(names)))) sorted"
	@cat $(texts) part1/sum part2/sum > $@

upper = $(subst a,A,$(subst e,E,$(1)))
expand:
	@echo "$(words $(foreach a,$(wordlist 1,$(WIDTH),$(names)),$(foreach b,$(wordlist 1,$(WIDTH),$(names)),$(call upper,$(a)/$(b)))))"

fail:
	@exit 3
.PHONY: all $(parts) expand fail
.SECONDARY:
END
cat >part.mk <<'END'
pieces := a.piece b.piece c.piece
sum: $(pieces)
	@cat $^ > $@
%.piece:
	@echo "$(WHERE)/$*" > $@
END

section "all, two jobs"
"$make" -j2
cat report
section "again: nothing but what is phony"
"$make" -q one.out && echo "one.out is up to date"
expect 1 "$make" -q report
section "dry run and data base"
"$make" -n -B one.out
"$make" "virtual-$RULES"
"$make" -np one.out | grep -c '^virtual-'
section "expansion"
"$make" expand
section "failure"
expect 2 "$make" -k fail no-such-target
