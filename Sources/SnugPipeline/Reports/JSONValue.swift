// SPDX-License-Identifier: Apache-2.0
package import SnugSystem

/// The JSON value of reports.
package typealias JSONValue = SnugSystem.JSONValue
