// `ouro findings learn`: what decisions teach, and how good that is. Private to cli.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/command.h"

namespace ouro::cli {

// With --simulate FILE: reads decisions as JSON lines ("-": standard input) and gives the text of
// the simulation; with --format json the same as one JSON object. A line is
//
//   {"vuln", "component", "product", "justification" or "outcome", "ts"?, "hub"?}
//
// where component and product are purls or names, or the general form
// {"group", "features": {name: value}, "outcome", "at"?}.
// kNotFound, kIo; kParse names the line of what is no decision; kInvalid without --simulate.
Result<std::string> RunLearn(const Arguments& arguments);

}  // namespace ouro::cli
