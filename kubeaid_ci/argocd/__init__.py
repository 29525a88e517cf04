"""Argo CD's own vocabulary: Applications, ApplicationSets, sync policies, and the versions of its Helm."""
