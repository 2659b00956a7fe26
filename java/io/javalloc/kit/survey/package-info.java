/// The page that compares all heaps, made by going over the catalog.
package io.javalloc.kit.survey;
