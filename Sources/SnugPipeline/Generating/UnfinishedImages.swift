// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SnugSystem
import SystemPackage

/// Unfinished images that a provider shows on the way.
enum UnfinishedImages {
    /// Copies one beside the place of the finished image.
    ///
    /// The file is there for as long as the call takes, so that it is copied at once; it is small and its pages are still
    /// in memory. Nothing depends on it: where it cannot be written, the finished one reports the reason.
    static func keep(_ path: FilePath, of work: GenerationWork) {
        guard let source = try? ImageSource(file: path), let header = try? ImageProbe.header(of: source),
            let bytes = try? source.bytes(at: 0, count: source.byteCount)
        else { return }
        let publisher = OutputPublisher()
        for number in 1...1000 {
            let name = "\(work.destination.name).unfinished-\(number).\(header.format.fileExtension)"
            guard let component = FilePath.Component(name) else { return }
            let place = work.destination.folder.appending([component])
            let outcome = try? publisher.publish(PublishedContent(bytes: bytes), to: place, replacing: false)
            if outcome != .nameTaken { return }
        }
    }
}
