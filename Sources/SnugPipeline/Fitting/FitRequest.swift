// SPDX-License-Identifier: Apache-2.0
public import SnugImage
import SnugSystem
public import SystemPackage

/// The inputs of a run, its destination and its options.
public struct FitRequest: Sendable {
    /// The destination of outputs.
    public enum Destination: Sendable, Hashable {
        /// A folder, created when missing, in which input folders are mirrored.
        case folder(FilePath)
        /// The place of one output. Of several inputs each would replace the one before.
        case file(FilePath)
        /// Each input is replaced by its output. The format has to be `FitPolicy.OutputFormat.keep`.
        case inPlace
        /// An open descriptor, such as a pipe, that takes one output.
        case stream(FileDescriptor)
    }

    /// The treatment of files that have the names of outputs and that Snug did not make.
    public enum Overwriting: String, Sendable, Hashable, CaseIterable {
        /// They stay, and the input is skipped.
        case never
        /// They are replaced.
        case always
        /// Those that were changed before their input are replaced.
        case older
    }

    /// Files and folders.
    public var inputs: [FilePath]
    /// The destination of outputs.
    public var destination: Destination
    /// Limits of every output. Default: 10 MB.
    public var limits: Limits
    /// Choices within the limits.
    public var policy: FitPolicy
    /// Walks into subfolders. Default: true.
    public var isRecursive = true
    /// Follows symbolic links inside folders. Default: false, because a folder from elsewhere may point at any file.
    public var followsLinks = false
    /// The treatment of files that Snug did not make. Default: never.
    ///
    /// An output of an earlier run is replaced in any case, as soon as its input or the options are others.
    public var overwriting = Overwriting.never
    /// Fits inputs again whose outputs are there. Default: false.
    public var fitsAgain = false
    /// Remembers outputs over runs; `nil` knows of none, so that every file that is there counts as another's.
    public var memory: (any OutputMemory)?
    /// The pattern of outputs' names; `nil` keeps those of the inputs.
    public var nameTemplate: OutputNameTemplate?
    /// Outputs take over permissions, the time of the last change and extended attributes of their inputs. Default: true.
    ///
    /// Nobody can read an output who cannot read its input, in any case.
    public var preservesAttributes = true
    /// Plans only, and writes nothing. Default: false.
    public var isDryRun = false
    /// Images at once. Default: the number of usable cores.
    public var maximumConcurrency: Int
    /// The stream that an input named `-` is read from; `nil` takes `-` for a file's name.
    public var standardInput: FileDescriptor?
    /// Maximum bytes that are read from ``standardInput``, which are kept in memory. Default: 512 MiB.
    public var maximumStandardInputBytes = 512 << 20

    /// Describes a run.
    public init(
        inputs: [FilePath], destination: Destination, limits: Limits = Limits(), policy: FitPolicy = FitPolicy(),
        maximumConcurrency: Int? = nil
    ) {
        self.inputs = inputs
        self.destination = destination
        self.limits = limits
        self.policy = policy
        self.maximumConcurrency = maximumConcurrency ?? Machine.usableCoreCount
    }

    /// True when outputs are named by a pattern with their size in it.
    var namesHaveSize: Bool {
        if case .folder = destination { nameTemplate?.hasSize == true } else { false }
    }
}

extension FitPolicy.OutputFormat {
    /// Formats that outputs can have.
    func possible(under limits: Limits) -> Set<ImageFormat> {
        imageFormat.map { [$0] } ?? limits.formats.intersection(ImageFormat.deliverable).union([.jpeg, .png])
    }
}
