// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugPipeline
import SnugSystem
import SystemPackage

/// Inputs that a file lists, besides those that are arguments.
struct InputListOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Also the inputs listed in a file, one a line; '-' for standard input.", valueName: "file"))
    var filesFrom: PathArgument?

    @Flag(
        name: [.customShort("0"), .long],
        help: "The names in --files-from end with a NUL, as 'find -print0' writes them.")
    var null = false

    /// True for an option about a list.
    var isGiven: Bool { filesFrom != nil || null }

    /// Checks the list together with the arguments.
    /// - Parameter named: The kinds of arguments, for the message where there are none.
    func check(_ arguments: [FilePath], named: String) throws {
        guard !arguments.isEmpty || filesFrom != nil else {
            throw ValidationError("no input is given: pass \(named) or --files-from FILE")
        }
        guard !null || filesFrom != nil else { throw ValidationError("--null is about --files-from; give that too") }
        guard let filesFrom, filesFrom.path.isDash else { return }
        if arguments.contains(where: \.isDash) {
            throw ValidationError("standard input is one input or a list of inputs, not both")
        }
        if FileDescriptor.standardInput.isTerminal {
            throw ValidationError("--files-from - reads standard input, which is a terminal; pipe a list in")
        }
    }

    /// The inputs that the list names; none without a list.
    /// - Throws: What ``TextFile/names(in:endInNUL:)`` throws.
    func names() throws -> [FilePath] {
        guard let filesFrom else { return [] }
        // Standard input is an argument; in a list, `-` is the name of a file.
        return try TextFile.names(in: filesFrom.path, endInNUL: null).map { $0.isDash ? "./-" : $0 }
    }
}
