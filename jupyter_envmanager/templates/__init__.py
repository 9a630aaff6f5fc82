"""Starts for new environments that adapt to the GPU target; ours and the site's, one YAML file each."""

from .reading import read_templates

__all__ = ["read_templates"]
