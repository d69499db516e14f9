// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes

// In tests, names and methods are written as they are sent.
extension HTTPField.Name: @retroactive ExpressibleByStringLiteral {
    package init(stringLiteral text: StaticString) {
        guard let name = Self("\(text)") else { preconditionFailure("\(text) is not a field name") }
        self = name
    }
}

extension HTTPRequest.Method: @retroactive ExpressibleByStringLiteral {
    package init(stringLiteral text: StaticString) {
        guard let method = Self("\(text)") else { preconditionFailure("\(text) is not a method") }
        self = method
    }
}
