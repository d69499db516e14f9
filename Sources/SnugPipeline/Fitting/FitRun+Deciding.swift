// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem
import SystemPackage

extension FitRun {
    /// The book of outputs; `nil` where outputs have no names of their own.
    func openBook(_ collector: FitCollector) async throws -> OutputBook? {
        guard let folder = request.destination.folder else { return nil }
        let absolute = try await threads.run { Self.absolute(folder) }
        let options = OptionsDigest.digest(request)
        guard let memory = request.memory else {
            return try await OutputBook(InMemoryOutputs(), folder: absolute, options: options)
        }
        do {
            return try await OutputBook(memory, folder: absolute, options: options)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try collector.send(.notice("earlier outputs are not known: \(error)"))
            return try await OutputBook(InMemoryOutputs(), folder: absolute, options: options)
        }
    }

    /// Names every output before the first is made, and leaves those out that are done.
    func decide(_ files: [InputFile], _ book: OutputBook?, _ collector: FitCollector) async throws -> [NamedInput] {
        let request = request
        let decided = try await threads.run {
            let current = (try? FileSystem.currentFolder()) ?? FilePath("/")
            let paths = files.map { Self.identity(of: $0, in: current) }
            let names = Self.names(of: files, at: paths, request, book)
            let decider = FitDecider(
                overwriting: request.overwriting, fitsAgain: request.fitsAgain, book: book,
                namesHaveSize: request.namesHaveSize)
            return files.indices.map { index in
                let likely = names[index].own ?? request.destination.name
                let decision = decider.decide(
                    files[index], at: paths[index], names: names[index].all, likely: likely)
                return (NamedInput(file: files[index], path: paths[index], names: names[index]), decision)
            }
        }
        var work: [NamedInput] = []
        var claims: [RememberedOutput] = []
        for (input, decision) in decided {
            switch decision {
            case .done(let name): try skip(input, name, .done, collector)
            case .conflict(let name): try skip(input, name, .outputExists, collector)
            case .make(let replaceable, let claimed):
                work.append(input.replacing(replaceable))
                claims += claimed
            }
        }
        if !request.isDryRun {
            do {
                try await book?.claim(claims)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                try collector.send(.notice("outputs cannot be remembered: \(error)"))
            }
        }
        return work
    }

    /// Removes half-written files of killed runs from the folders that outputs go to.
    func sweep(_ work: [NamedInput], now: Int = WallClock.seconds) async throws {
        if case .stream = request.destination { return }
        let folders = work.map { input -> FilePath in
            guard request.destination.folder != nil, let name = input.names.all.first else {
                return input.file.path.removingLastComponent()
            }
            return outputFolder.appending(name.removingLastComponent().components)
        }
        try await threads.run {
            for folder in Set(folders) { TemporaryFiles.sweep(folder.isEmpty ? "." : folder, now: now) }
        }
    }

    private func skip(
        _ input: NamedInput, _ name: FilePath, _ reason: FitRecord.SkipReason, _ collector: FitCollector
    ) throws {
        var record = FitRecord(
            input: input.file.path, status: .skipped, limitBytes: request.limits.fileByteLimit)
        record.output = outputFolder.appending(name.components)
        record.skipReason = reason
        try collector.send(.finished(record, plannedBytes: input.file.byteCount))
    }

    private static func names(
        of files: [InputFile], at paths: [FilePath], _ request: FitRequest, _ book: OutputBook?
    ) -> [OutputNames] {
        if let name = request.destination.name { return files.map { _ in OutputNames(only: name) } }
        guard let book else {
            return OutputNaming.names(
                for: files.map(\.relative), formats: request.policy.format.possible(under: request.limits))
        }
        // Outputs that were named in another way are others.
        let naming = OptionsDigest.naming(request)
        return OutputNaming.names(
            for: files.map(\.relative), formats: request.policy.format.possible(under: request.limits),
            template: request.nameTemplate,
            established: paths.map { path in
                book.records(of: path).filter { ($0.made ?? $0.claimed)?.options.hasPrefix(naming) == true }.map(\.name)
            },
            reserved: book.names(besidesThoseOf: Set(paths)))
    }

    /// The absolute path of a file; for a stream, a name that its content alone decides.
    private static func identity(of file: InputFile, in current: FilePath) -> FilePath {
        guard file.origin == .standardInput, let state = file.state else { return absolute(file.path, in: current) }
        return RememberedOutput.streamFolder.appending("\(state.inode)-\(state.modified)-\(state.changed)")
    }

    private static func absolute(_ path: FilePath) -> FilePath {
        if let resolved = try? FileSystem.resolve(path.isEmpty ? "." : path) { return resolved }
        return absolute(path, in: (try? FileSystem.currentFolder()) ?? FilePath("/"))
    }

    private static func absolute(_ path: FilePath, in current: FilePath) -> FilePath {
        (path.isAbsolute ? path : current.appending(path.components)).lexicallyNormalized()
    }
}

extension FitRequest.Destination {
    /// The folder that outputs go to, for those that have names.
    var folder: FilePath? {
        switch self {
        case .folder(let path): path
        case .file(let path): path.removingLastComponent()
        case .inPlace, .stream: nil
        }
    }

    /// The name of the one output.
    var name: FilePath? {
        if case .file(let path) = self { FilePath(bytes: path.nameBytes) } else { nil }
    }
}
