// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import SystemPackage

/// `snug inspect`.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Shows what image files are, and whether they comply with limits.",
        discussion: """
            Reads headers only: the format by content, size, colours, orientation, metadata and what follows the \
            image. Then says what 'snug fit' would do under the same limits.

            Examples:
              snug inspect photo.jpg
              snug inspect *.png --for openai-edit
              snug inspect photo.jpg --json | jq .metadata_bytes
            """)

    @Argument(help: "Files; '-' for standard input.")
    var files: [PathArgument]

    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Guards against hostile inputs") var inputLimits: InputOptions

    @Flag(help: "Print one JSON object a line for each file.")
    var json = false

    mutating func validate() throws {
        if files.contains(where: { $0.path.bytes == [0x2D] }), StandardInput.isTerminal {
            throw ValidationError("'-' reads an image from standard input, which is a terminal; pipe one in")
        }
    }

    mutating func run() async throws {
        var policy = FitPolicy()
        policy.decodingLimits = inputLimits.inputLimits
        let (limits, prints, target) = (limits.limits, json, self.limits.profile?.name)
        let threads = try BlockingThreads(count: 1)
        var failed = false
        for (index, file) in files.enumerated() {
            let inspection = try await threads.run { [policy] _ in
                Inspection(of: file.path, limits: limits, policy: policy)
            }
            if inspection.error != nil { failed = true }
            let output = OutputStream.standardOutput
            if prints {
                output.writeLine(inspection.json(target: target).description)
            } else if let error = inspection.error {
                OutputStream.standardError.writeLine(
                    "\(PrintableName.of(file.path)): \(PrintableName.escaped(error.message)) (\(error.code))")
            } else {
                output.write((index > 0 ? "\n" : "") + inspection.text(target: target))
            }
            // Nobody reads on: nothing is left to be said.
            if output.readerIsGone { return }
        }
        try OutputStream.standardOutput.checkDelivered()
        if failed { throw ExitCode(1) }
    }
}
