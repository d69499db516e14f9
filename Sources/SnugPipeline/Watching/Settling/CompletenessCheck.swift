// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem
package import SystemPackage

/// Looks at a file's content for its end. It blocks.
package struct CompletenessCheck: Sendable {
    /// The watched folder.
    package var root: FilePath

    package init(root: FilePath) { self.root = root }

    /// Looks at a file, which has to be in the state in which it was quiet, and at its sidecar.
    package func callAsFunction(_ file: ScannedFile) -> Completeness {
        do throws(Errno) {
            // Once for both.
            let folder = try OpenFolder(root).opening(file.path.folder.names)
            let completeness = look(at: file, in: folder)
            switch completeness {
            case .complete, .suspicious, .unproven:
                let isIncomplete = Sidecar.read(Sidecar.path(of: file.path).name, in: folder) == .incomplete
                return isIncomplete ? .incomplete("has a sidecar that ends inside its JSON") : completeness
            case .incomplete, .unreadable, .changed: return completeness
            }
        } catch {
            return Self.completeness(cannotOpen: error)
        }
    }

    private func look(at file: ScannedFile, in folder: borrowing OpenFolder) -> Completeness {
        let descriptor: FileDescriptor
        do throws(Errno) { descriptor = try folder.openFile(file.path.name) } catch {
            return Self.completeness(cannotOpen: error)
        }
        do throws(ImageError) {
            // Closes the descriptor, also when it fails.
            let source = try ImageSource(taking: descriptor)
            return withExtendedLifetime(source) { look(at: source, descriptor, expecting: file.version) }
        } catch {
            return .changed
        }
    }

    private func look(at source: ImageSource, _ file: FileDescriptor, expecting version: FileVersion) -> Completeness {
        guard isUnchanged(file, version) else { return .changed }
        let end: ContainerEnd
        do throws(ImageError) { end = try ContainerEnd(of: source) } catch {
            return error.code == .inputChanged ? .changed : .unreadable(error.message)
        }
        let suspicion =
            file.hasWriters == true
            ? "is still open for writing" : file.hasHoles ? "has parts that were never written" : nil
        guard isUnchanged(file, version) else { return .changed }
        switch end {
        case .reached: return suspicion.map(Completeness.suspicious) ?? .complete
        case .unknown(let reason): return .unproven(suspicion ?? reason)
        case .missing(let reason): return .incomplete(reason)
        }
    }

    private func isUnchanged(_ file: FileDescriptor, _ version: FileVersion) -> Bool {
        (try? FileVersion(file.identity())) == version
    }

    private static func completeness(cannotOpen reason: Errno) -> Completeness {
        switch reason {
        // Gone, or replaced by a link, a folder or something else.
        case .noSuchFileOrDirectory, .tooManySymbolicLinkLevels, .notDirectory: .changed
        default: .unreadable("cannot be opened: \(reason)")
        }
    }
}
