"""Writes when its definitions are loaded, and when a process opens a resource or an I/O manager."""

import os

import trail

from assetq import ConfigurableResource, Definitions, FilesystemIOManager, StaticPartitionsDefinition, asset

some = StaticPartitionsDefinition([f"p{i:03d}" for i in range(60)])

trail.write(f"definitions {os.getpid()}")


class Connection(ConfigurableResource):
    def setup_for_execution(self, context):
        trail.write(f"resource {os.getpid()}")


class Store(FilesystemIOManager):
    def setup_for_execution(self, context):
        trail.write(f"manager {os.getpid()}")


@asset(partitions_def=some)
def rows(connection: Connection) -> int:
    trail.write(f"step {os.getpid()}")
    return 1


defs = Definitions([rows], resources={"connection": Connection(), "io_manager": Store()})
