// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// An output of an earlier run, and the one that a run is about to make in its place.
public struct RememberedOutput: Sendable, Hashable {
    /// The making of an output.
    public struct Making: Sendable, Hashable {
        /// The state of the input.
        public var input: FileState
        /// A digest of the limits and choices.
        public var options: String
        /// The state of the output once it is made; before that, of the file that has its name.
        public var file: FileState?

        /// Creates a record.
        public init(input: FileState, options: String, file: FileState?) {
            self.input = input
            self.options = options
            self.file = file
        }
    }

    /// Its place below the output folder.
    public var name: FilePath
    /// The absolute path of its input; for standard input, a relative one that its content decides.
    public var input: FilePath
    /// The output that is there, as far as a run came to its end.
    public var made: Making?
    /// The output that a run is about to make.
    public var claimed: Making?

    /// Creates a record.
    public init(name: FilePath, input: FilePath, made: Making?, claimed: Making?) {
        self.name = name
        self.input = input
        self.made = made
        self.claimed = claimed
    }

    /// The folder of names of inputs that came by a stream.
    static let streamFolder: FilePath = "-"

    /// True for an output of a stream.
    var isOfStream: Bool { input.starts(with: Self.streamFolder) }

    /// The making of the file that has the name now; `nil` when another program made it.
    ///
    /// A run that was killed has made a file whole or not at all: one that was not there when it began is its output.
    func making(of file: FileState) -> Making? {
        if let made, made.file?.hasSameContent(as: file) == true { return made }
        guard var making = claimed, making.file?.hasSameContent(as: file) != true else { return nil }
        making.file = file
        return making
    }
}

/// Remembers which outputs were made of which inputs, over processes.
///
/// A run asks once, when it begins, and keeps records in batches.
public protocol OutputMemory: Sendable {
    /// All outputs below a folder, by its absolute path.
    func outputs(in folder: FilePath) async throws -> [RememberedOutput]
    /// Keeps records in place of those of the same names, and forgets others, all or nothing.
    func update(_ folder: FilePath, keeping: [RememberedOutput], forgetting: [FilePath]) async throws
}
