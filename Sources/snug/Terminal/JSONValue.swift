// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// The JSON value that commands print.
typealias JSONValue = SnugSystem.JSONValue
