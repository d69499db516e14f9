// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// The treatment of one input, decided before any is fitted.
enum FitDecision: Sendable {
    /// The output is there: of this content, made with these options.
    case done(FilePath)
    /// A file that Snug did not make has the name.
    case conflict(FilePath)
    /// To be fitted, in place of files with these names where they are there.
    case make(replacing: Set<FilePath>, claims: [RememberedOutput])
}

/// Decides about the inputs of a run. Its calls block.
struct FitDecider: Sendable {
    let overwriting: FitRequest.Overwriting
    /// Done is not enough.
    let fitsAgain: Bool
    /// `nil` where outputs have no names: in place and on a stream.
    let book: OutputBook?
    /// Names have the size of the output in them.
    var namesHaveSize = false

    /// - Parameters:
    ///   - names: The names that the output can have.
    ///   - likely: The one that it has when its input's extension is right.
    func decide(_ input: InputFile, at path: FilePath, names: [FilePath], likely: FilePath?) -> FitDecision {
        guard let book else { return .make(replacing: [], claims: []) }
        // A name with the size in it is known once the output is.
        if namesHaveSize {
            for record in book.records(of: path) where !fitsAgain {
                let file = Self.state(of: book.folder.appending(record.name.components))
                let making = file.flatMap { record.making(of: $0) }
                if making?.input == input.state, making?.options == book.options { return .done(record.name) }
            }
            return .make(replacing: [], claims: [])
        }
        var replaceable: Set<FilePath> = []
        var claims: [RememberedOutput] = []
        var blocked: [FilePath] = []
        for name in names {
            let file = Self.state(of: book.folder.appending(name.components))
            let record = book.record(named: name)
            let making = file.flatMap { record?.making(of: $0) }
            if let making, let state = input.state, record?.input == path, making.input == state,
                making.options == book.options, !fitsAgain
            {
                return .done(name)
            }
            if let file, making == nil, !mayReplace(file, by: input.modified) {
                blocked.append(name)
                continue
            }
            if file != nil { replaceable.insert(name) }
            if let state = input.state {
                claims.append(
                    RememberedOutput(
                        name: name, input: path, made: making,
                        claimed: .init(input: state, options: book.options, file: file)))
            }
        }
        if let likely, blocked.contains(likely) { return .conflict(likely) }
        if let first = blocked.first, blocked.count == names.count { return .conflict(first) }
        return .make(replacing: replaceable, claims: claims)
    }

    /// True for a name that is free, or whose file may be replaced.
    func mayReplace(fileNamed name: FilePath, by input: InputFile) -> Bool {
        guard let book, let file = Self.state(of: book.folder.appending(name.components)) else { return false }
        return book.record(named: name)?.making(of: file) != nil || mayReplace(file, by: input.modified)
    }

    private func mayReplace(_ file: FileState, by modified: Int64?) -> Bool {
        switch overwriting {
        case .never: false
        case .always: true
        case .older: modified.map { file.modified < $0 } ?? false
        }
    }

    /// The state of whatever has a path; a link counts by itself.
    static func state(of path: FilePath) -> FileState? {
        (try? FileIdentity(of: path, followsLinks: false)).map { FileState($0) }
    }
}
