// RFC 4648 in the two directions that io/yaml_scalar.h does not have. Private to kube.
#pragma once

#include <string>
#include <string_view>

namespace ouro::kube {

// Section 4, with padding.
std::string EncodeBase64(std::string_view bytes);

// Section 5 (URL alphabet) without padding, as the parts of a JSON Web Token. False when invalid.
bool DecodeBase64Url(std::string_view text, std::string& bytes);

}  // namespace ouro::kube
