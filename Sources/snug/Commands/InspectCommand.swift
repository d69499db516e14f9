// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage

/// `snug inspect`.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", _superCommandName: "snug",
        abstract: "Shows the format, size and metadata of images, and whether they comply with limits.",
        discussion: """
            Reads files without decoding them: format by content, size, colours, orientation, metadata, and data after \
            the image. Then shows the plan of 'snug fit' under the same limits, and what only decoding can tell.

            Examples:
              snug inspect photo.jpg
              snug inspect *.png --for openai-edit
              snug inspect photo.jpg --json | jq .metadata_bytes
            """)

    @Argument(help: "Files; '-' for standard input.")
    var files: [PathArgument] = []

    @OptionGroup(title: "Inputs") var list: InputListOptions

    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Guards against hostile inputs") var inputLimits: InputOptions

    @OptionGroup(title: "Configuration") var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each file.")
    var json = false

    mutating func validate() throws {
        try list.check(files.map(\.path), named: "files, '-',")
        if files.contains(where: { $0.path.isDash }), FileDescriptor.standardInput.isTerminal {
            throw ValidationError("'-' reads an image from standard input, which is a terminal; pipe one in")
        }
    }

    mutating func run() async throws {
        var policy = FitPolicy()
        policy.decodingLimits = inputLimits.inputLimits
        let (limits, prints, target) = (limits.limits, json, self.limits.profile?.name)
        let files = try await CommandFailure.told { try self.files.map(\.path) + list.names() }
        if files.isEmpty { OutputStream.standardError.writeLine("there are no files in the inputs") }
        var failed = false
        for (index, file) in files.enumerated() {
            let inspection = try await Inspection.read(
                file, limits: limits, policy: policy, standardInput: .standardInput
            ).namingOptions
            if inspection.error != nil { failed = true }
            let output = OutputStream.standardOutput
            if prints {
                output.writeLine(inspection.jsonLine(target: target))
            } else if let error = inspection.error {
                OutputStream.standardError.writeLine(
                    "\(PrintableName.of(file)): \(PrintableName.escaped(error.message)) (\(error.code))")
            } else {
                output.write((index > 0 ? "\n" : "") + inspection.text(target: target, columns: output.layoutColumns))
            }
            // The reader is gone: nothing is left to print.
            if output.readerIsGone { return }
        }
        try OutputStream.standardOutput.checkDelivered()
        if failed { throw ExitCode(1) }
    }
}
