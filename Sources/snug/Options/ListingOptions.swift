// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration

/// The time of questions to a provider that cost nothing.
struct ListingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Maximum time for the response. (default: 30)", valueName: "seconds"),
        transform: ArgumentParsing.seconds)
    var timeout = Duration.seconds(30)

    /// The dependencies of a client that asks.
    var dependencies: GenerationAccess.Dependencies {
        var dependencies = GenerationAccess.Dependencies()
        dependencies.settings.timeout = timeout
        return dependencies
    }
}
