// SPDX-License-Identifier: Apache-2.0
import SnugPipeline
import SnugSystem

extension StorageError {
    /// The error as JSON.
    var json: JSONValue {
        .error(
            code: code.rawValue, message: message, details: ["retry_after": .optional(retryAfter?.inSeconds)])
    }
}
