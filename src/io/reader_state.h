// What the YAML and JSON readers keep in a Tree between files, so that reading many files with one
// tree stops allocating after the first few.
#pragma once

#include "io/tree.h"
#include "io/tree_builder.h"
#include "io/yaml_parser.h"

namespace ouro::io {

struct DocumentReaderState : Tree::ReaderState {
  TreeBuilder builder;
  YamlParser parser;
};

// The state of `tree`, made on first use.
DocumentReaderState& ReaderStateOf(Tree& tree);

// Ends a document that could not be read: drops what it left in the tree and notes the problem.
void AbandonDocument(Tree& tree, const DocumentError& error, uint32_t first_node,
                     size_t first_problem, uint32_t root_index);

// Gives every problem of the tree its "line:column".
void PlaceProblems(Tree& tree);

// Fails with kLimit when the input is larger than limits::kFileSizeBytes.
Status CheckSourceSize(size_t size);

}  // namespace ouro::io
