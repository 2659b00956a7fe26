package io.javalloc.catalog;

import java.util.ArrayList;
import java.util.List;

/// What a user writes to choose a heap: a name, and in parentheses its options and inner heaps, as
/// in `segregated(64:pool(64), 4k:lite, *:knr(max=64m))`.
///
/// ```
/// expression = name [ "(" argument { "," argument } ")" ]
/// argument   = name "=" value | value | [ bound ":" ] expression
/// name       = letter { letter | digit | "-" }
/// value      = { any character but "," ":" "(" ")" and blanks }, without a name: from a digit on
/// bound      = value from a digit on | "*"
/// ```
///
/// @param name    the heap's name
/// @param bound   what stands before the colon; null if there is none
/// @param options the values, in the order in which they are written
/// @param inner   the inner heaps
/// @param column  where the name begins, counted from 1
record HeapExpression(
        String name, Option bound, List<Option> options, List<HeapExpression> inner, int column) {

    /// A value.
    ///
    /// @param name   the option's name; empty if it is written without one
    /// @param value  as written
    /// @param column where it begins, counted from 1
    record Option(String name, String value, int column) {}

    /// Reads an expression.
    ///
    /// @throws IllegalArgumentException with the column at which the text stops making sense
    static HeapExpression parse(String text) {
        Parser parser = new Parser(text);
        HeapExpression expression = parser.expression(null);
        parser.end();
        return expression;
    }

    /// Whether an expression can name a heap so.
    static boolean isName(String name) {
        return !name.isEmpty()
                && Character.isLetter(name.charAt(0))
                && name.chars().allMatch(c -> Parser.isNameCharacter((char) c));
    }

    private static final class Parser {
        private final String text;
        private int at;

        Parser(String text) {
            this.text = text;
        }

        HeapExpression expression(Option bound) {
            skipBlanks();
            int column = at + 1;
            String name = name("the name of a heap");
            List<Option> options = new ArrayList<>();
            List<HeapExpression> inner = new ArrayList<>();
            if (accept('(')) {
                do {
                    argument(options, inner);
                } while (accept(','));
                if (!accept(')')) {
                    throw expected("',' or ')'");
                }
            }
            return new HeapExpression(name, bound, options, inner, column);
        }

        private void argument(List<Option> options, List<HeapExpression> inner) {
            skipBlanks();
            int start = at;
            if (at < text.length() && isValueStart(text.charAt(at))) {
                Option value = new Option("", value(), start + 1);
                if (accept(':')) {
                    inner.add(expression(value));
                } else if (value.value().equals("*")) {
                    throw expected("':' and a heap behind '*'");
                } else {
                    options.add(value);
                }
                return;
            }
            String name = name("an option or a heap");
            if (accept('=')) {
                options.add(new Option(name, value(), start + 1));
                return;
            }
            at = start;
            inner.add(expression(null));
        }

        private String name(String what) {
            int start = at;
            while (at < text.length() && isNameCharacter(text.charAt(at))) {
                at++;
            }
            if (start == at || !Character.isLetter(text.charAt(start))) {
                at = start;
                throw expected(what);
            }
            return text.substring(start, at);
        }

        private String value() {
            skipBlanks();
            int start = at;
            while (at < text.length() && " \t,:()".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            if (start == at) {
                throw expected("a value");
            }
            return text.substring(start, at);
        }

        private boolean accept(char wanted) {
            skipBlanks();
            if (at < text.length() && text.charAt(at) == wanted) {
                at++;
                return true;
            }
            return false;
        }

        void end() {
            skipBlanks();
            if (at < text.length()) {
                throw expected("the end");
            }
        }

        private void skipBlanks() {
            while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
                at++;
            }
        }

        private static boolean isValueStart(char c) {
            return c >= '0' && c <= '9' || c == '*';
        }

        private static boolean isNameCharacter(char c) {
            return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-';
        }

        private IllegalArgumentException expected(String what) {
            String found = at < text.length() ? "'" + text.charAt(at) + "'" : "the end";
            return new IllegalArgumentException(
                    "heap '"
                            + text
                            + "', column "
                            + (at + 1)
                            + ": expected "
                            + what
                            + ", found "
                            + found);
        }
    }
}
