// SPDX-License-Identifier: Apache-2.0

import SnugGeneration
import SnugImage
import SnugPipeline

/// Remedies of the libraries, worded with the options of the commands.
enum Remedy {
    /// Of commands that send requests.
    static let requests = [
        "allow plain http if the network is yours": "pass --allow-plain-http if the network is yours"
    ]
    /// Of `snug generate`.
    static let generations = [
        "give an address, or a host for images": "give an address, or pass --host",
        "choose another folder for temporary files": "name another state folder with --state",
        "list the models that there are": "'snug models' lists those that there are",
        "which is not allowed for URLs from outside":
            "which is not allowed for URLs from outside; pass --allow-internal if it is meant",
    ]

    /// A message of `snug generate`.
    static func generation(_ message: String) -> String { named(named(message, requests), generations) }

    /// A message with the options that `remedies` name.
    static func named(_ message: String, _ remedies: [String: String]) -> String {
        // No command with remedies of its own has an option for recovery.
        let message = message.replacing(", or \(ImageError.Setting.recovery.remedy)", with: "")
        return remedies.reduce(message) { $0.replacing($1.key, with: $1.value) }
    }
}

extension GenerationOutcome {
    /// The outcome with remedies worded as options of `snug generate`.
    var namingOptions: GenerationOutcome {
        var outcome = self
        outcome.error?.message = Remedy.generation(error?.message ?? "")
        return outcome
    }
}
